// SPDX-License-Identifier: Apache-2.0
// One reference's answer: what the policy says of it, and the fate of every signature.
import {
  type Descriptor,
  isOcisignError,
  type Judgement,
  OcisignError,
  selectPolicy,
  type TreeNode,
  type VerifyOptions,
  verifyArtifact,
  verifyArtifactTree,
} from '@ocisign/core'
import type { OpenArtifact } from './artifact.js'
import type { Answer } from './output/report.js'
import type { ConfiguredVerifier } from './verifier.js'

/** How {@link judge} looks at an artifact. */
export interface JudgeOptions extends VerifyOptions {
  /** Verifies an index with what it holds, of these platforms or of all. */
  readonly tree?: { readonly platforms: readonly string[] | undefined } | undefined
  /** Hears of each manifest of a tree as it is judged. */
  readonly onNode?: (() => void) | undefined
}

/** Verifies one artifact; what goes wrong is part of the answer. */
export async function judge(
  name: string,
  open: () => Promise<OpenArtifact>,
  { policy, verifier }: ConfiguredVerifier,
  { tree, onNode, ...options }: JudgeOptions,
): Promise<Answer> {
  const judgements: Judgement[] = []
  const nodes: TreeNode[] = []
  let selected: string | null = null
  let subject: Descriptor | undefined
  const answer = () => ({ reference: name, policy: selected, subject, judgements, ...(tree && { nodes }) })
  try {
    const { store, reference } = await open()
    selected = selectPolicy(policy, { scope: store.repository }).name
    const remembering = {
      ...store,
      // The report names the artifact even where verification ends in an error.
      resolve: async (...wanted: Parameters<typeof store.resolve>) => {
        const found = await store.resolve(...wanted)
        subject ??= found
        return found
      },
    }
    const onJudgement = (judgement: Judgement) => void judgements.push(judgement)
    const verdict = tree
      ? await verifyArtifactTree(remembering, reference, verifier, {
          ...options,
          platforms: tree.platforms,
          onJudgement,
          onNode(node) {
            nodes.push(node)
            onNode?.()
          },
        })
      : await verifyArtifact(remembering, reference, verifier, { ...options, onJudgement })
    return { ...answer(), verdict }
  } catch (error) {
    return { ...answer(), error: sayScope(error) }
  }
}

/** Only a layout has no repository, and only here is it known how to give it one. */
function sayScope(error: unknown): unknown {
  if (!isOcisignError(error, 'MISUSE_SCOPE')) return error
  const message = 'say with --scope HOST/PATH which repository the layout counts as; trust policies select by it'
  return new OcisignError('MISUSE_SCOPE', message, error.details, { cause: error })
}
