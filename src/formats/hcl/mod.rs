//! HCL 2: Terraform and OpenTofu, their variables, Packer, Nomad, Consul, Vault, Terragrunt.

mod literal;
mod reader;

pub(super) use reader::Hcl;
