# Written by `cargo fg export terraform` from the manifest of a function.
# Change the manifest and write it again, rather than this file.
# The provider takes region and credentials from its configuration, or from
# OS_AUTH_URL, OS_ACCESS_KEY, OS_SECRET_KEY, OS_DOMAIN_NAME and OS_PROJECT_NAME.

terraform {
  required_providers {
    opentelekomcloud = {
      source  = "opentelekomcloud/opentelekomcloud"
      version = ">= 1.36.23"
    }
  }
}

resource "opentelekomcloud_fgs_function_v2" "_7days" {
  name                  = "7days"
  app                   = "default"
  runtime               = "Custom Image"
  handler               = "-"
  memory_size           = 128
  timeout               = 3
  functiongraph_version = "v2"

  code_type = "Custom-Image-Swr"

  custom_image {
    url = "swr.cn-north-4.myhuaweicloud.com/ada/7days:1"
  }
}
