// SPDX-License-Identifier: Apache-2.0

// Command plugin-go is a Notation plugin on the plugin framework of the Notary
// Project. What it can do follows from the name it is called by, which ends in
// raw, envelope or verify; what it does otherwise than it should, from the
// words in PLUGIN_LIES. Keys are files: the id is the path of the private key,
// the setting "chain" that of its certificates.
package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/notaryproject/notation-plugin-framework-go/cli"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"
)

const version = "1.2.3"

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), plugin.BinaryPrefix)
	// The framework asks for metadata before each command; lies are for the command.
	if len(os.Args) > 1 && os.Args[1] != string(plugin.CommandGetMetadata) {
		misbehave()
	}
	executable, err := cli.New(&filePlugin{name: name})
	if err != nil {
		panic(err)
	}
	executable.Execute(context.Background(), os.Args)
}

type filePlugin struct{ name string }

func (p *filePlugin) GetMetadata(context.Context, *plugin.GetMetadataRequest) (*plugin.GetMetadataResponse, error) {
	capabilities := map[string][]plugin.Capability{
		"raw":      {plugin.CapabilitySignatureGenerator},
		"envelope": {plugin.CapabilityEnvelopeGenerator, plugin.CapabilityTrustedIdentityVerifier},
		"verify":   {plugin.CapabilityTrustedIdentityVerifier, plugin.CapabilityRevocationCheckVerifier},
	}
	return &plugin.GetMetadataResponse{
		Name:                      p.name,
		Description:               "Keys in files, in Go",
		Version:                   version,
		URL:                       "https://example.com",
		SupportedContractVersions: []string{plugin.ContractVersion},
		Capabilities:              capabilities[p.name[strings.LastIndexByte(p.name, '.')+1:]],
	}, nil
}

func (p *filePlugin) VerifySignature(_ context.Context, request *plugin.VerifySignatureRequest) (*plugin.VerifySignatureResponse, error) {
	results := map[plugin.Capability]*plugin.VerificationResult{}
	for _, capability := range request.TrustPolicy.SignatureVerification {
		results[capability] = &plugin.VerificationResult{Success: !lies("says-no"), Reason: "so it is"}
	}
	if lies("one-result") {
		delete(results, plugin.CapabilityTrustedIdentityVerifier)
	}
	processed := []interface{}{}
	for _, name := range request.Signature.UnprocessedAttributes {
		processed = append(processed, name)
	}
	if lies("unprocessed") {
		processed = []interface{}{}
	}
	return &plugin.VerifySignatureResponse{VerificationResults: results, ProcessedAttributes: processed}, nil
}

func lies(word string) bool {
	return slices.Contains(strings.Fields(os.Getenv("PLUGIN_LIES")), word)
}

// misbehave does what no framework lets a plugin do.
func misbehave() {
	switch {
	case lies("hangs"):
		select {}
	case lies("endless"):
		for {
			os.Stdout.WriteString(strings.Repeat("x", 65536))
		}
	case lies("garbage"):
		os.Stdout.WriteString("hello, world")
		os.Exit(0)
	case lies("fails"):
		os.Exit(1)
	}
}
