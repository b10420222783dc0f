//! What is said when the platform refuses: wrong credentials, an expired token, missing rights, a
//! quota, a clock that is wrong. Each message is compared as a whole, and meant to be read aloud.

use crate::fg::{Ran, run};
use crate::platform::Platform;
use crate::project::{deploy, deployed};
use crate::proxy::{Deal, Proxy};

/// The error, from its first line on.
fn error(ran: &Ran) -> &str {
    let start = ran.stderr.find("error: ").unwrap_or_else(|| panic!("no error: {}", ran.stderr));
    ran.stderr[start..].trim_end()
}
#[test]
fn tmp_harness() {
    use base64::Engine;
    let t = std::time::Instant::now();
    let platform = Platform::start();
    println!("started {:?}", t.elapsed());
    let proxy = Proxy::start(platform.address);
    let zip = std::env::temp_dir().join("tmp-harness.zip");
    let mut c = crate::project::fg(proxy.address, &["package", "--target", "x86_64-unknown-linux-gnu", "--include", "release.txt=one", "--output", zip.to_str().unwrap()]);
    let r = run(&mut c).ended_with(0);
    println!("{}\n{}", r.stdout, r.stderr);
    println!("packaged {:?}", t.elapsed());
    let bytes = std::fs::read(&zip).unwrap();
    let file = base64::engine::general_purpose::STANDARD.encode(&bytes);
    println!("{} bytes", bytes.len());
    let body = serde_json::json!({"func_name": "orders", "package": "default", "runtime": "Custom", "handler": "bootstrap", "timeout": 3, "memory_size": 128, "code_type": "zip", "code_filename": "code.zip", "func_code": {"file": file}, "user_data": "{\"GREETING\":\"Hi\"}"});
    println!("{:?}", platform.call("POST", "/functions", Some(&body)));
    println!("created {:?}", t.elapsed());
    println!("{:?}", platform.invoke(""));
    println!("invoked {:?}", t.elapsed());
    for _ in 0..200 { platform.release("").unwrap(); }
    println!("200 {:?}", t.elapsed());
    println!("{:#}", platform.state());
    proxy.set(|_, _| Deal::Forward);
    let folder = platform.end();
    let t = std::time::Instant::now();
    let platform = Platform::start_as(folder.path());
    println!("as {:?}", t.elapsed());
    println!("{:?} {:?}", platform.release(""), t.elapsed());
    let _ = deploy(proxy.address, "one", &[]);
}
