//! An orchestrator behind TLS, its certificate from an authority that was made a moment ago.

use crate::fake_orchestrator::{RUN, status};
use protocol::RunState;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output},
    sync::Arc,
    thread,
};

/// Serves a list of one run over TLS; returns its address and the authority's certificate as PEM.
fn serve() -> (String, String) {
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let configuration = Arc::new(configuration);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that does not trust the certificate hangs up.
            let _ = answer(stream.unwrap(), configuration.clone());
        }
    });
    (url, authority.pem())
}

fn answer(stream: TcpStream, configuration: Arc<ServerConfig>) -> std::io::Result<()> {
    let connection = ServerConnection::new(configuration).unwrap();
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let body = format!("{{\"runs\":[{}]}}", status(RunState::Completed, 100));
    let mut stream = reader.into_inner();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn runs(url: &str, authorities: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
        .args(["runs", "--url", url])
        .env_clear()
        .env("SSL_CERT_FILE", authorities)
        .output()
        .unwrap()
}

#[test]
fn an_authority_that_the_system_trusts_is_trusted_and_no_other() {
    let (url, authority) = serve();
    let (_, other) = serve();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let output = runs(&url, &file("own.pem", &authority));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with(RUN));

    let output = runs(&url, &file("other.pem", &other));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("certificate"), "{errors}");
}
