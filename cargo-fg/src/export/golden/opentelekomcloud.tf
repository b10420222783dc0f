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

variable "log_topic_name" {
  type        = string
  description = "The name of the log stream stream-1."
}

variable "greet_kafka_kafka_password" {
  type        = string
  description = "The kafka_password of the trigger greet_kafka."
  sensitive   = true
}

resource "opentelekomcloud_fgs_function_v2" "greet" {
  name                  = "greet"
  app                   = "shop"
  runtime               = "Custom"
  handler               = "bootstrap"
  memory_size           = 256
  timeout               = 30
  description           = "Greets; costs 100 %%{nothing} or $${less}"
  functiongraph_version = "v2"

  code_type     = "zip"
  code_filename = "greet.zip"
  func_code     = filebase64("${path.module}/target/fg/greet.zip")

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
  # opentelekomcloud 1.36.23 cannot set security groups: sg-1, sg-2

  # opentelekomcloud 1.36.23 cannot set the size of ephemeral storage: 10240 MB
  concurrency_num  = 10
  max_instance_num = "0"

  # opentelekomcloud 1.36.23 cannot set the switch of the log: on
  log_group_id   = "group-1"
  log_group_name = var.log_group_name
  log_topic_id   = "stream-1"
  log_topic_name = var.log_topic_name
  # opentelekomcloud 1.36.23 cannot set the labels of the log: team = a
}

resource "opentelekomcloud_fgs_async_invoke_config_v2" "greet" {
  function_urn                   = opentelekomcloud_fgs_function_v2.greet.urn
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

resource "opentelekomcloud_fgs_trigger_v2" "greet_timer_nightly" {
  function_urn = opentelekomcloud_fgs_function_v2.greet.urn
  type         = "TIMER"
  status       = "DISABLED"
  event_data = jsonencode({
    name          = "nightly"
    schedule      = "0 15 2 * * ?"
    schedule_type = "Cron"
    user_event    = "all"
  })
}

resource "opentelekomcloud_fgs_trigger_v2" "greet_dedicatedgateway_api" {
  function_urn = opentelekomcloud_fgs_function_v2.greet.urn
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
    # terraform apply -replace=opentelekomcloud_fgs_trigger_v2.greet_dedicatedgateway_api
    ignore_changes = [event_data]
  }
}

resource "opentelekomcloud_fgs_trigger_v2" "greet_kafka" {
  function_urn = opentelekomcloud_fgs_function_v2.greet.urn
  type         = "KAFKA"
  status       = "ACTIVE"
  event_data = jsonencode({
    instance_id    = "k-1"
    kafka_user     = "reader"
    topic_ids      = ["orders"]
    kafka_password = var.greet_kafka_kafka_password
  })

  lifecycle {
    # The platform answers with other fields than it was sent. To change the trigger:
    # terraform apply -replace=opentelekomcloud_fgs_trigger_v2.greet_kafka
    ignore_changes = [event_data]
  }
}
