// SPDX-License-Identifier: Apache-2.0

// Command cuemem is a registry in memory with the Referrers API, of any
// number of repositories and open to everybody: cuemem HOST:PORT.
package main

import (
	"fmt"
	"net/http"
	"os"

	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cuemem HOST:PORT")
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Args[1], ociserver.New(ocimem.New(), nil)))
	os.Exit(1)
}
