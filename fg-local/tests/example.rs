//! A test as a user of fg-local writes it: the platform is a value, and the client is the one that
//! the program uses in the cloud. `docs/local.md` shows it.

use std::io::{Cursor, Write};

use fg_client::functions::CreateFunction;
use fg_client::{Client, Error};
use fg_local::Local;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

#[tokio::test]
async fn a_function_is_created_and_invoked_as_in_the_cloud() -> Result<(), Error> {
    let local = Local::builder().key_pair("AK", "SK").start().await.expect("a free port");
    let client = Client::builder()
        .credentials("AK", "SK", "")
        .region("cn-north-4")
        .endpoint(format!("http://{}", local.address()))
        .build()?;

    let greet = CreateFunction::new("greet", "Custom", "bootstrap").zip("greet.zip", &package());
    client.create_function(&greet).await?;
    let function = client.function(client.urn("default", "greet").await?);
    let response: Value = function.invoke(&json!({"say": "hello"})).await?;

    assert_eq!(response["function"], "greet");
    assert_eq!(response["version"], "latest");
    Ok(())
}

#[tokio::test]
async fn a_client_with_another_key_is_refused() -> Result<(), Error> {
    let local = Local::builder().key_pair("AK", "SK").start().await.expect("a free port");
    let client = Client::builder()
        .credentials("AK", "guessed", "")
        .region("cn-north-4")
        .endpoint(format!("http://{}", local.address()))
        .build()?;

    let refused = client.urn("default", "greet").await.expect_err("the signature is another one");

    assert!(refused.to_string().contains("Incorrect IAM authentication information"), "{refused}");
    assert!(!format!("{refused:?}").contains("guessed"));
    Ok(())
}

/// What `cargo fg package` makes of a project; here a script that starts an example.
fn package() -> Vec<u8> {
    let test = std::env::current_exe().expect("a test is a program");
    let target = test.ancestors().nth(2).expect("a test is in target/<profile>/deps");
    let program = target.join("examples").join(format!("worker{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "cargo build -p fg-local --examples makes {}", program.display());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let executable = SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", executable).expect("in memory");
    write!(zip, "#!/bin/sh\nexec '{}'\n", program.display()).expect("in memory");
    zip.finish().expect("in memory").into_inner()
}
