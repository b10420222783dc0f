//! FunctionGraph on one machine: the API that official SDKs and Terraform speak, the gateway that
//! browsers and curl call, triggers, asynchronous invocations and logs.
