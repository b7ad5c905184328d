//! XML configuration: `web.config`, Spring, Maven's `settings.xml`, Tomcat, Hibernate, ClickHouse, Data Protection keys.

mod lexer;
mod reader;

pub(super) use reader::Xml;
