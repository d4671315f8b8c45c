// SPDX-License-Identifier: Apache-2.0
import {
  type Descriptor,
  isJsonObject,
  isOcisignError,
  type JsonValue,
  parseDescriptor,
  parseJsonObject,
  type Target,
} from '@ocisign/core'

/** A manifest as a listing of referrers shows it, and what it refers to. */
export interface Referrer {
  readonly subject: Target
  readonly descriptor: Descriptor
}

/** Describes a manifest that has a subject (distribution-spec, pushing manifests with subject); undefined for any other. */
export function describeReferrer({ mediaType, digest, size }: Descriptor, bytes: Uint8Array): Referrer | undefined {
  try {
    const document = parseJsonObject(bytes, { what: `manifest ${digest}` })
    if (!isJsonObject(document.subject)) return undefined
    const { artifactType = '', config, annotations } = document
    const type = artifactType === '' && isJsonObject(config) ? config.mediaType : artifactType
    return {
      subject: parseDescriptor(document.subject, 'the subject'),
      descriptor: {
        mediaType,
        digest,
        size,
        ...(typeof type === 'string' && type !== '' && { artifactType: type }),
        ...(isAnnotations(annotations) && { annotations }),
      },
    }
  } catch (error) {
    if (isOcisignError(error)) return undefined
    throw error
  }
}

const isAnnotations = (value: JsonValue | undefined): value is Readonly<Record<string, string>> =>
  isJsonObject(value) && Object.values(value).every((each) => typeof each === 'string')
