// SPDX-License-Identifier: Apache-2.0

/** A signing profile, or one version of it. */
export interface ProfileArn {
  /** The account that owns it. */
  readonly account: string
  readonly name: string
  readonly version: string | undefined
}

/** Reads `arn:PARTITION:signer:REGION:ACCOUNT:/signing-profiles/NAME`, with `/VERSION` for one version; undefined for what is none. */
export function parseProfileArn(text: string): ProfileArn | undefined {
  const [, account, name, version] =
    /^arn:[a-z0-9-]{1,40}:signer:[a-z0-9-]{1,40}:([0-9]{12}):\/signing-profiles\/([A-Za-z0-9_]{1,64})(?:\/([A-Za-z0-9]{1,64}))?$/i.exec(
      text,
    ) ?? []
  return account !== undefined && name !== undefined ? { account, name, version } : undefined
}

/** Tells whether a signature of this version of a profile is one of the trusted profile, or of the trusted version. */
export function matchesProfile(signedBy: string, trusted: string): boolean {
  const [mine, wanted] = [parseProfileArn(signedBy), parseProfileArn(trusted)]
  if (mine?.version === undefined || !wanted) return false
  const [left, right] = [signedBy.toLowerCase(), trusted.toLowerCase()]
  return wanted.version === undefined ? left.startsWith(`${right}/`) : left === right
}
