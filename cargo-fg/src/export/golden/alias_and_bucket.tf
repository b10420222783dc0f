# Written by `cargo fg export terraform` from the manifest of a function.
# Change the manifest and write it again, rather than this file.
# The provider takes region and credentials from its configuration, or from
# HW_REGION_NAME, HW_ACCESS_KEY and HW_SECRET_KEY.

terraform {
  required_providers {
    huaweicloud = {
      source  = "huaweicloud/huaweicloud"
      version = ">= 1.97.1"
    }
  }
}

variable "DB_PASSWORD" {
  type        = string
  description = "The encrypted variable DB_PASSWORD of the function greet."
  sensitive   = true
}

variable "version_" {
  type        = string
  description = "The encrypted variable version of the function greet."
  sensitive   = true
}

variable "log_group_name" {
  type        = string
  description = "The name of the log group group-1."
}

variable "log_stream_name" {
  type        = string
  description = "The name of the log stream stream-1."
}

variable "greet_kafka_kafka_password" {
  type        = string
  description = "The kafka_password of the trigger greet_kafka."
  sensitive   = true
}

resource "huaweicloud_fgs_function" "greet" {
  name                  = "greet"
  app                   = "shop"
  runtime               = "Custom"
  handler               = "bootstrap"
  memory_size           = 256
  timeout               = 30
  description           = "Greets; costs 100 %%{nothing} or $${less}"
  functiongraph_version = "v2"

  # Terraform notices a new package only by a new URL.
  code_type = "obs"
  code_url  = "https://bucket.obs.cn-north-4.myhuaweicloud.com/greet.zip"

  user_data = jsonencode({
    DB_URL   = "postgres://db"
    GREETING = "\"Hi\"\n"
  })

  encrypted_user_data = jsonencode({
    DB_PASSWORD = var.DB_PASSWORD
    version     = var.version_
  })

  app_agency = "greet-runs"
  agency     = "greet-vpc"

  vpc_id     = "vpc-1"
  network_id = "subnet-1"
  # huaweicloud 1.97.1 cannot set security groups: sg-1, sg-2

  ephemeral_storage = 10240
  concurrency_num   = 10
  max_instance_num  = "0"

  enable_lts_log  = true
  log_group_id    = "group-1"
  log_group_name  = var.log_group_name
  log_stream_id   = "stream-1"
  log_stream_name = var.log_stream_name
  lts_custom_tag = {
    team = "a"
  }

  # Terraform publishes no version for each change: `cargo fg deploy --alias` does.
  versions {
    name = "latest"

    aliases {
      name = "prod"
    }
  }
}

resource "huaweicloud_fgs_async_invoke_configuration" "greet" {
  function_urn                   = huaweicloud_fgs_function.greet.urn
  max_async_event_age_in_seconds = 3600
  max_async_retry_attempts       = 2

  on_success {
    destination = "SMN"
    param = jsonencode({
      topic_urn = "urn:smn:x"
    })
  }

  on_failure {
    destination = "OBS"
    param = jsonencode({
      bucket  = "b"
      expires = 5
      prefix  = "failed"
    })
  }
}

resource "huaweicloud_fgs_function_trigger" "greet_timer_nightly" {
  function_urn = "${huaweicloud_fgs_function.greet.urn}:!prod"
  type         = "TIMER"
  # The provider sets this only on a trigger that exists: apply twice.
  status = "DISABLED"
  event_data = jsonencode({
    name          = "nightly"
    schedule      = "0 15 2 * * ?"
    schedule_type = "Cron"
    user_event    = "all"
  })
}

resource "huaweicloud_fgs_function_trigger" "greet_dedicatedgateway_api" {
  function_urn = "${huaweicloud_fgs_function.greet.urn}:!prod"
  type         = "DEDICATEDGATEWAY"
  event_data = jsonencode({
    auth         = "IAM"
    backend_type = "FUNCTION"
    env_id       = "DEFAULT_ENVIRONMENT_RELEASE_ID"
    env_name     = "RELEASE"
    func_info = {
      timeout = 5000
    }
    group_id    = "g-1"
    instance_id = "i-1"
    match_mode  = "SWA"
    name        = "api"
    path        = "/greet"
    protocol    = "HTTPS"
    req_method  = "ANY"
    type        = 1
  })

  lifecycle {
    # The platform answers with other fields than it was sent. To change the trigger:
    # terraform apply -replace=huaweicloud_fgs_function_trigger.greet_dedicatedgateway_api
    ignore_changes = [event_data]
  }
}

resource "huaweicloud_fgs_function_trigger" "greet_kafka" {
  function_urn = "${huaweicloud_fgs_function.greet.urn}:!prod"
  type         = "KAFKA"
  # The provider sets this only on a trigger that exists: apply twice.
  status = "ACTIVE"
  event_data = jsonencode({
    instance_id    = "k-1"
    kafka_user     = "reader"
    topic_ids      = ["orders"]
    kafka_password = var.greet_kafka_kafka_password
  })

  lifecycle {
    # The platform answers with other fields than it was sent. To change the trigger:
    # terraform apply -replace=huaweicloud_fgs_function_trigger.greet_kafka
    ignore_changes = [event_data]
  }
}
