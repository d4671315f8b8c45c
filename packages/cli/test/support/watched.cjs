// SPDX-License-Identifier: Apache-2.0
// Makes the program believe that somebody watches standard error.
require('node:tty').isatty = (descriptor) => descriptor === 2
