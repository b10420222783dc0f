//! `cargo fg package --image`.

use crate::fg::{NewProject, run};
use crate::package::{MAIN, package};

#[test]
fn the_context_of_an_image_is_complete_and_keeps_edited_files() {
    let project = NewProject::bare("imaged", MAIN);
    let arguments = ["--image", "--output", "image", "--include", "Cargo.toml"];
    let ran = run(&mut package(&project.directory, &arguments)).ended_with(0);
    assert_eq!(ran.stdout, "image\n");
    let dockerfile = project.read("image/Dockerfile");
    assert!(dockerfile.starts_with("FROM --platform=linux/amd64 scratch\n"), "{dockerfile}");
    assert!(dockerfile.contains("COPY rootfs/ /\n"), "{dockerfile}");
    assert!(
        dockerfile
            .ends_with("USER 1003:1003\nEXPOSE 8000\nENTRYPOINT [\"/opt/function/code/imaged\"]\n"),
        "{dockerfile}"
    );
    let image = project.directory.join("image");
    assert!(image.join("code/imaged").exists() && image.join("code/Cargo.toml").exists());
    assert!(!image.join("code/bootstrap").exists());
    assert!(
        project
            .read("image/rootfs/etc/ssl/certs/ca-certificates.crt")
            .contains("-----BEGIN CERTIFICATE-----\n")
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for (path, mode) in [
            ("rootfs/tmp", 0o1777),
            ("rootfs/etc/ssl", 0o755),
            ("rootfs", 0o755),
            ("code/imaged", 0o755),
        ] {
            let about = std::fs::metadata(image.join(path)).expect("it is there");
            assert_eq!(about.permissions().mode() & 0o7777, mode, "{path}");
        }
    }

    project.write("image/Dockerfile", &format!("{dockerfile}ENV MINE=1\n"));
    project.write("roots.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let with_roots = [&arguments[..], &["--certificates", "roots.pem", "--include", "."]].concat();
    let ran = run(&mut package(&project.directory, &with_roots)).ended_with(0);
    assert!(project.read("image/Dockerfile").ends_with("ENV MINE=1\n"));
    assert!(
        ran.stderr.contains("note: image/Dockerfile has been edited and is kept"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        project.read("image/rootfs/etc/ssl/certs/ca-certificates.crt"),
        project.read("roots.pem")
    );
    assert!(!image.join("code/image").exists(), "the previous image is in the image");
}

#[test]
fn a_directory_that_is_not_the_context_of_an_image_is_not_overwritten() {
    let project = NewProject::bare("unimaged", MAIN);
    let ran = run(&mut package(&project.directory, &["--image", "--output", "src"])).ended_with(2);
    assert!(
        ran.stderr.contains("error: src exists, and is not the context of this image\n"),
        "{}",
        ran.stderr
    );
    assert!(project.directory.join("src/main.rs").exists());
    let ran = run(&mut package(&project.directory, &["--image", "--certificates", "Cargo.toml"]))
        .ended_with(2);
    assert!(
        ran.stderr.contains("error: Cargo.toml is not a list of certificates in the format PEM\n"),
        "{}",
        ran.stderr
    );
    run(&mut package(&project.directory, &["--certificates", "Cargo.toml"])).ended_with(2);
}

#[test]
fn a_function_without_a_server_is_rejected() {
    let project = NewProject::new("unserved", &[]);
    let ran = run(&mut package(&project.directory, &["--image"])).ended_with(1);
    let reason = "error: an image of `unserved` would exit immediately, because it has no server\n";
    assert!(ran.stderr.contains(reason) && !ran.stderr.contains("Compiling"), "{}", ran.stderr);
}
