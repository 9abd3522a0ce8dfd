// Verifies every case below a folder as Go does for a server and for a client, and prints what it says.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func certificates(path string) []*x509.Certificate {
	bytes, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	var all []*x509.Certificate
	for block, rest := pem.Decode(bytes); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			panic(err)
		}
		all = append(all, certificate)
	}
	return all
}

func pool(all []*x509.Certificate) *x509.CertPool {
	made := x509.NewCertPool()
	for _, certificate := range all {
		made.AddCert(certificate)
	}
	return made
}

func main() {
	folders, _ := filepath.Glob(filepath.Join(os.Args[1], "*", "cert-chain.pem"))
	for _, path := range folders {
		folder := filepath.Dir(path)
		chain := certificates(path)
		for role, usage := range map[string]x509.ExtKeyUsage{"client": x509.ExtKeyUsageClientAuth, "server": x509.ExtKeyUsageServerAuth} {
			_, err := chain[0].Verify(x509.VerifyOptions{
				Roots:         pool(certificates(filepath.Join(folder, "root-cert.pem"))),
				Intermediates: pool(chain[1:]),
				KeyUsages:     []x509.ExtKeyUsage{usage},
			})
			says := "OK"
			if err != nil {
				says = strings.ReplaceAll(err.Error(), "\n", " ")
			}
			fmt.Printf("%s\t%s\t%s\n", filepath.Base(folder), role, says)
		}
	}
}
