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

const discover = (id, authentication, metadata) => oidc.discovery(server, id, metadata, authentication, checked)
const portal = (metadata) => discover('portal', oidc.ClientSecretBasic(CLIENT_SECRET), metadata)
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
  const maxAge = 600 // else it heeds the default_max_age of a registration, which is a second though switched off
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

test('userinfo is that of the person', async () => {
  const config = await portal()
  const tokens = await login(config, 'openid profile email')
  const told = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
  assert.equal(told.email, 'demo@example.com')
  assert.equal(told.family_name, 'User')
})

test('a client acts for itself', async () => {
  const config = await discover('nightly', oidc.ClientSecretPost(CLIENT_SECRET))
  const tokens = await oidc.clientCredentialsGrant(config, { scope: 'reports' })
  assert.equal(tokens.scope, 'reports')
  assert.equal(claimsOf(tokens.access_token).sub, 'nightly')
})

test('a device logs in', async () => {
  const discovered = await discover('television', oidc.None())
  const metadata = { ...discovered.serverMetadata(), device_authorization_endpoint: `${ISSUER}/device/code` } // not announced
  const config = new oidc.Configuration(metadata, 'television', undefined, oidc.None())
  oidc.enableNonRepudiationChecks(config)
  const shown = await oidc.initiateDeviceAuthorization(config, { scope: 'openid profile' })
  let refused = 0
  config[oidc.customFetch] = async (...request) => {
    const response = await fetch(...request)
    if (!response.ok && refused++ === 0) await visit(shown.verification_uri_complete)
    return response
  }
  const tokens = await oidc.pollDeviceAuthorizationGrant(config, shown)
  assert.ok(tokens.claims().sub)
  assert.equal(refused, 1)
  await renew(config, tokens)
})

test('tokens are introspected and revoked', async () => {
  const config = await portal()
  const tokens = await login(config)
  const { sub } = tokens.claims()
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    const told = await oidc.tokenIntrospection(config, token)
    assert.deepEqual([told.active, told.client_id, told.sub], [true, 'portal', sub])
  }
  const signed = await oidc.tokenIntrospection(await portal({ introspection_signed_response_alg: 'RS256' }), tokens.access_token)
  assert.equal(signed.sub, sub)
  assert.equal((await oidc.tokenIntrospection(config, 'not a token')).active, false)
  await oidc.tokenRevocation(config, tokens.refresh_token)
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' })
  // With a refresh token goes what was issued with it.
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, false)
})

for (const [method, authentication] of [['client_secret_basic', oidc.ClientSecretBasic()], ['client_secret_post', oidc.ClientSecretPost()], ['none', oidc.None()]]) {
  test(`a client registers with ${method} and logs in`, async () => {
    const config = await oidc.dynamicClientRegistration(
      server,
      {
        client_name: 'openid-client',
        redirect_uris: [REDIRECT_URI],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        scope: 'openid profile',
        token_endpoint_auth_method: method,
      },
      authentication,
      checked,
    )
    const tokens = await login(config)
    await renew(config, tokens)
    const spent = await login(config)
    await oidc.tokenRevocation(config, spent.access_token)
    assert.equal((await oidc.tokenIntrospection(config, spent.access_token)).active, false)
  })
}
