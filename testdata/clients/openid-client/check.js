// Lets openid-client use the realm of a tenant. The environment says where the realm
// is, and the secret of its confidential clients; PERSON is a server that goes through
// the tenant's pages as somebody at a browser, and answers with the address where that
// ends.
import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import test from 'node:test'

import * as oidc from 'openid-client'

globalThis.crypto ??= webcrypto // Node 18 has it in the module only

const { ISSUER, REDIRECT_URI, CLIENT_SECRET, PERSON } = process.env
const server = new URL(ISSUER)
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const checked = { execute: [oidc.enableNonRepudiationChecks] } // the signatures of ID tokens, too

const discover = (id, authentication) => oidc.discovery(server, id, undefined, authentication, checked)
const portal = () => discover('portal', oidc.ClientSecretBasic(CLIENT_SECRET))
const agent = () => discover('agent', oidc.ClientSecretBasic(CLIENT_SECRET))

async function visit(address) {
  const response = await fetch(PERSON, { method: 'POST', body: address.toString() })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return new URL(text)
}

async function login(config, scope = 'openid profile') {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const expectedState = oidc.randomState()
  const expectedNonce = oidc.randomNonce()
  const maxAge = 600
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    max_age: `${maxAge}`,
  })
  return oidc.authorizationCodeGrant(config, await visit(address), { pkceCodeVerifier, expectedState, expectedNonce, maxAge, idTokenExpected: true })
}

async function renew(config, tokens) {
  const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token)
  assert.notEqual(renewed.access_token, tokens.access_token)
  assert.notEqual(renewed.refresh_token, tokens.refresh_token)
  return renewed
}

const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))

const exchange = (config, subject) =>
  oidc.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:token-exchange', {
    subject_token: subject,
    subject_token_type: accessToken,
    requested_token_type: accessToken,
    scope: 'orders',
  })

for (const [name, find] of [['confidential', portal], ['public', () => discover('spa', oidc.None())]]) {
  test(`a ${name} client logs in and renews its login`, async () => {
    const config = await find()
    const tokens = await login(config)
    const renewed = await renew(config, tokens)
    assert.equal(renewed.claims().sub, tokens.claims().sub)
    await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' })
  })
}

test('a code is good for its verifier only', async () => {
  const config = await portal()
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid',
    code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
  })
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  await assert.rejects(oidc.authorizationCodeGrant(config, await visit(address), { pkceCodeVerifier }), { error: 'invalid_grant' })
})

test('tokens are exchanged', async () => {
  const tokens = await login(await portal())
  const acting = await exchange(await agent(), tokens.access_token)
  assert.equal(acting.issued_token_type, accessToken)
  assert.equal(acting.scope, 'orders')
  const { sub, aud } = claimsOf(acting.access_token)
  assert.deepEqual({ sub, aud }, { sub: tokens.claims().sub, aud: 'agent' })
  await assert.rejects(exchange(await agent(), tokens.id_token), { error: 'invalid_request', error_description: 'Invalid token exchange.' })
})
