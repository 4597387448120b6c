package ca_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"aicmcp/cmd/internal/ca"
)

var hosts = []string{"localhost", "127.0.0.1", "::1"}

func TestAuthorityIsKeptAndTrusted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sub", "ca.pem")
	now := time.Now()
	first, err := ca.Open(file, hosts, now)
	if err != nil || !first.Created {
		t.Fatalf("first use: %v, created %v", err, first != nil && first.Created)
	}
	second, err := ca.Open(file, hosts, now)
	if err != nil || second.Created {
		t.Fatalf("second use made another authority: %v", err)
	}
	certificate, err := second.Certificate(hosts, now)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	text, err := os.ReadFile(file)
	if err != nil || !roots.AppendCertsFromPEM(text) {
		t.Fatalf("the file is no certificate: %v", err)
	}
	for _, host := range hosts {
		if _, err := certificate.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if info, err := os.Stat(file + ".key"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key can be read by others: %v %v", info.Mode(), err)
	}
}

func TestAuthorityCannotSpeakForOtherHosts(t *testing.T) {
	authority, err := ca.Open(filepath.Join(t.TempDir(), "ca.pem"), hosts, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.Certificate([]string{"bank.example"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM())
	if _, err := certificate.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "bank.example"}); err == nil {
		t.Error("a certificate for bank.example was accepted")
	}
}

func TestAuthorityIsRenewed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if _, err := ca.Open(file, hosts, time.Now()); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (*ca.Authority, error){
		"expired":  func() (*ca.Authority, error) { return ca.Open(file, hosts, time.Now().AddDate(6, 0, 0)) },
		"new host": func() (*ca.Authority, error) { return ca.Open(file, append(hosts, "tenant.test"), time.Now()) },
	} {
		if authority, err := open(); err != nil || !authority.Created {
			t.Errorf("%s: %v", name, err)
		}
	}
	both, err := ca.Open(file, hosts, time.Now())
	if err != nil || both.Created {
		t.Errorf("the hosts of before were forgotten: %v", err)
	}
}

func TestFilesOfOthersAreLeftAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bundle.pem")
	for _, key := range []bool{false, true} {
		if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		if key {
			if err := os.WriteFile(file+".key", []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err := ca.Open(file, hosts, time.Now())
		if text, readErr := os.ReadFile(file); err == nil || readErr != nil || string(text) != "precious" {
			t.Errorf("with a key %t: %v, the file holds %q", key, err, text)
		}
	}
}

func TestKeysOfOthersAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	alone := filepath.Join(dir, "server")
	if err := os.WriteFile(alone+".key", []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	// An authority like ours, but of somebody else.
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Corporate CA"}, NotAfter: time.Now().AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	corporate := filepath.Join(dir, "corp.pem")
	for name, block := range map[string]*pem.Block{corporate: {Type: "CERTIFICATE", Bytes: certificate}, corporate + ".key": {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{alone, corporate} {
		before, err := os.ReadFile(file + ".key")
		if err != nil {
			t.Fatal(err)
		}
		_, err = ca.Open(file, hosts, time.Now())
		after, readErr := os.ReadFile(file + ".key")
		if err == nil || readErr != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: %v, the key changed: %t", file, err, !bytes.Equal(before, after))
		}
	}
}

func TestAddressesAndStrangeNames(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	all := append([]string{"10.9.8.7", "2001:db8::1", "tenant.test"}, hosts...)
	authority, err := ca.Open(file, all, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.Certificate(all, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM())
	for _, host := range all {
		if _, err := certificate.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if again, err := ca.Open(file, all, time.Now()); err != nil || again.Created {
		t.Errorf("made anew: %v", err)
	}
	for _, bad := range []string{"a/b", "*.test", "", "a b"} {
		if _, err := ca.Open(file, []string{bad}, time.Now()); err == nil {
			t.Errorf("%q was taken for a host", bad)
		}
	}
}
