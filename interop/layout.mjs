// SPDX-License-Identifier: Apache-2.0
// A plain writer of OCI image layouts, on purpose not ours: what it writes is judged by both sides.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const emptyType = 'application/vnd.oci.empty.v1+json'
const signatureType = 'application/vnd.cncf.notary.signature'

/**
 * Makes a layout with one small artifact, tagged.
 * @param {string} directory
 * @param {{ tag?: string, content?: string }} [options]
 * @returns the artifact's descriptor
 */
export function makeLayout(directory, { tag = 'v1', content = 'hello, world\n' } = {}) {
  mkdirSync(`${directory}/blobs/sha256`, { recursive: true })
  writeFileSync(`${directory}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}')
  return addArtifact(directory, { tag, content })
}

/** Adds one more artifact to a layout, and returns its descriptor. */
export function addArtifact(directory, { tag, content }) {
  const config = writeBlob(directory, emptyType, '{}')
  const layer = writeBlob(directory, 'application/octet-stream', content)
  const manifest = { schemaVersion: 2, mediaType: manifestType, artifactType: 'text/plain', config, layers: [layer] }
  const descriptor = writeBlob(directory, manifestType, JSON.stringify(manifest))
  addToIndex(directory, { ...descriptor, annotations: { 'org.opencontainers.image.ref.name': tag } })
  return descriptor
}

/**
 * Attaches an envelope in one of the specification's two forms.
 * @param {string} directory
 * @param {{ subject: object, mediaType: string, envelope: Uint8Array, form?: 'config'|'artifactType' }} signature
 */
export function attachEnvelope(directory, { subject, mediaType, envelope, form = 'config' }) {
  const config = writeBlob(directory, form === 'config' ? signatureType : emptyType, '{}')
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    ...(form === 'artifactType' && { artifactType: signatureType }),
    config,
    layers: [writeBlob(directory, mediaType, envelope)],
    subject,
    annotations: { 'io.cncf.notary.x509chain.thumbprint#S256': '[]' },
  }
  const descriptor = writeBlob(directory, manifestType, JSON.stringify(manifest))
  addToIndex(directory, descriptor)
  return descriptor
}

/** Reads the manifests of all signatures in a layout, whoever wrote them. */
export function readSignatures(directory) {
  return readIndex(directory).manifests.flatMap((descriptor) => {
    const manifest = JSON.parse(readBlob(directory, descriptor).toString('utf8'))
    const isSignature = [manifest.artifactType, manifest.config?.mediaType].includes(signatureType)
    if (!isSignature || manifest.subject === undefined) return []
    const [layer] = manifest.layers
    return [{ descriptor, manifest, mediaType: layer.mediaType, envelope: readBlob(directory, layer) }]
  })
}

function readBlob(directory, { digest }) {
  return readFileSync(`${directory}/blobs/${digest.replace(':', '/')}`)
}

function writeBlob(directory, mediaType, content) {
  const bytes = Buffer.from(content)
  const hex = createHash('sha256').update(bytes).digest('hex')
  writeFileSync(`${directory}/blobs/sha256/${hex}`, bytes)
  return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
}

function readIndex(directory) {
  const path = `${directory}/index.json`
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { schemaVersion: 2, manifests: [] }
}

function addToIndex(directory, descriptor) {
  const index = readIndex(directory)
  index.manifests.push(descriptor)
  writeFileSync(`${directory}/index.json`, JSON.stringify(index))
}
