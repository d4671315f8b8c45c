// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"fmt"
	"time"
)

// oddLeaf makes the signing certificate break one rule; the chain's order is oddOrder's.
func oddLeaf(template *x509.Certificate, odd string) error {
	now := time.Now()
	switch odd {
	case "", "root-first", "without-intermediate", "without-root":
	case "leaf-expired":
		template.NotAfter = now.Add(-time.Hour)
	case "leaf-not-yet-valid":
		template.NotBefore = now.AddDate(0, 1, 0)
	case "leaf-server-auth":
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	case "leaf-no-extended-key-usage":
		template.ExtKeyUsage = nil
	case "leaf-cannot-sign":
		template.KeyUsage = x509.KeyUsageKeyEncipherment
	case "leaf-cert-sign":
		template.KeyUsage |= x509.KeyUsageCertSign
	case "leaf-is-ca":
		template.BasicConstraintsValid = true
		template.IsCA = true
		template.KeyUsage |= x509.KeyUsageCertSign
	default:
		return fmt.Errorf("bad request: unknown oddity %q", odd)
	}
	return nil
}

// oddOrder is the order in which chain.pem lists the certificates; the leaf
// stays first where a key must match it for anything to be tried at all.
func oddOrder(chain [][]byte, odd string) [][]byte {
	switch {
	case odd == "root-first" && len(chain) == 3:
		return [][]byte{chain[0], chain[2], chain[1]}
	case odd == "without-intermediate" && len(chain) == 3:
		return [][]byte{chain[0], chain[2]}
	case odd == "without-root" && len(chain) > 1:
		return chain[:len(chain)-1]
	default:
		return chain
	}
}
