// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"path/filepath"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	"github.com/notaryproject/notation-go/plugin"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
)

// openVerifier makes the reference's verifier from a Notation configuration
// directory, read anew each time. The directory is process-wide state of
// notation-go; requests are answered one at a time.
func openVerifier(configDir string) (notation.Verifier, error) {
	dir.UserConfigDir = configDir
	dir.UserLibexecDir = configDir
	policy, err := trustpolicy.LoadDocument()
	if err != nil {
		return nil, err
	}
	return verifier.New(policy, truststore.NewX509TrustStore(dir.ConfigFS()), plugin.NewCLIManager(dir.PluginFS()))
}

// configurationPath refuses an empty path, which would mean the user's own
// configuration.
func configurationPath(configDir string) (string, error) {
	if configDir == "" {
		return "", errors.New("bad request: configDir is missing")
	}
	return filepath.Abs(configDir)
}
