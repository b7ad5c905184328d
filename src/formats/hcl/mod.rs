//! HCL 2: Terraform and OpenTofu, their variables, Packer, Nomad, Consul, Vault, Terragrunt.

mod file;
mod literal;
mod reader;

pub(super) use file::Hcl;
