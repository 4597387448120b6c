// Package ca is a certificate authority for development: it is made on first
// use, kept in a file, and may sign for named hosts and loopback only.
package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

const (
	commonName    = "mockaic development CA"
	authorityLife = 5 * 365 * 24 * time.Hour
	serverLife    = 90 * 24 * time.Hour
)

// Authority signs server certificates.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	// Created tells that there was no usable authority in the file before.
	Created bool
}

// Open reads the authority from file, and its key from file with ".key" added.
// Where there is no file, or its authority has expired or may not sign for all
// of hosts, it makes one, for the hosts of before too. A file that this program
// did not make is left alone.
func Open(file string, hosts []string, now time.Time) (*Authority, error) {
	for _, host := range hosts {
		if net.ParseIP(host) == nil && !hostName.MatchString(host) {
			return nil, fmt.Errorf("%q is neither a host name nor an IP address", host)
		}
	}
	authority, err := read(file)
	switch {
	case err == nil && authority.serves(hosts, now):
		return authority, nil
	case err == nil:
		hosts = slices.Concat(authority.hosts(), hosts)
	case !errors.Is(err, errNone):
		return nil, fmt.Errorf("certificate authority %s: %w; remove the file and its .key to have a new one made", file, err)
	}
	authority, err = create(hosts, now)
	if err != nil {
		return nil, fmt.Errorf("make a certificate authority: %w", err)
	}
	if err := authority.write(file); err != nil {
		return nil, fmt.Errorf("certificate authority %s: %w", file, err)
	}
	return authority, nil
}

var (
	hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)
	errNone  = errors.New("there is no certificate")
)

func read(file string) (*Authority, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(file + ".key"); err == nil {
			return nil, errors.New("there is a .key without a certificate")
		}
		return nil, errNone
	}
	if err != nil {
		return nil, err
	}
	keyText, err := os.ReadFile(file + ".key")
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(text, keyText)
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA || len(pair.Certificate) != 1 || pair.Leaf.Subject.CommonName != commonName {
		return nil, errors.New("not an authority that this program made")
	}
	return &Authority{certificate: pair.Leaf, key: key}, nil
}

func (a *Authority) serves(hosts []string, now time.Time) bool {
	if now.Add(serverLife).After(a.certificate.NotAfter) {
		return false
	}
	for _, host := range hosts {
		ip := net.ParseIP(host)
		inRange := func(network *net.IPNet) bool { return network.Contains(ip) }
		if ip != nil && !slices.ContainsFunc(a.certificate.PermittedIPRanges, inRange) ||
			ip == nil && !slices.Contains(a.certificate.PermittedDNSDomains, host) {
			return false
		}
	}
	return true
}

// hosts are those that the authority may sign for, loopback ranges excepted.
func (a *Authority) hosts() []string {
	hosts := slices.Clone(a.certificate.PermittedDNSDomains)
	for _, network := range a.certificate.PermittedIPRanges {
		if ones, bits := network.Mask.Size(); ones == bits {
			hosts = append(hosts, network.IP.String())
		}
	}
	return hosts
}

func create(hosts []string, now time.Time) (*Authority, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		// Whoever gets hold of the key can pretend to be these hosts only.
		PermittedDNSDomainsCritical: true,
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}
	for _, host := range hosts {
		ip := net.ParseIP(host)
		switch {
		case ip == nil:
			if !slices.Contains(template.PermittedDNSDomains, host) {
				template.PermittedDNSDomains = append(template.PermittedDNSDomains, host)
			}
		case ip.IsLoopback():
		case ip.To4() != nil:
			template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: ip.To4(), Mask: net.CIDRMask(32, 32)})
		default:
			template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(128, 128)})
		}
	}
	certificate, key, err := sign(template, nil, nil)
	if err != nil {
		return nil, err
	}
	return &Authority{certificate: certificate, key: key, Created: true}, nil
}

// sign makes a key and a certificate for it, signed by parent or by itself.
func sign(template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, nil, err
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return certificate, key, err
}

func (a *Authority) write(file string) error {
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := replaceFile(file+".key", key, 0o600); err != nil {
		return err
	}
	return replaceFile(file, a.PEM(), 0o644)
}

func replaceFile(name string, data []byte, mode fs.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // fails once it is renamed
	if err := errors.Join(temporary.Chmod(mode), writeAndClose(temporary, data)); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), name)
}

func writeAndClose(file *os.File, data []byte) error {
	_, err := file.Write(data)
	return errors.Join(err, file.Close())
}

// PEM is the authority's certificate, for clients to trust.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// Certificate makes a server certificate for hosts, names and addresses alike.
func (a *Authority) Certificate(hosts []string, now time.Time) (tls.Certificate, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "mockaic"},
		NotBefore:   now.Add(-time.Hour),
		NotAfter:    now.Add(serverLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	certificate, key, err := sign(template, a.certificate, a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a server certificate: %w", err)
	}
	return tls.Certificate{
		Certificate: [][]byte{certificate.Raw, a.certificate.Raw}, PrivateKey: key, Leaf: certificate,
	}, nil
}
