// Lets a client of the TypeScript SDK use a remote MCP server of which it knows the URL
// only. TEST is a server that plays the person at a browser, and what else happens around
// the client. SDK is the major version.
import assert from 'node:assert/strict'

const { SERVER, TEST, SDK } = process.env

const { Client, StreamableHTTPClientTransport, UnauthorizedError } = SDK === '1'
  ? {
      ...(await import('@modelcontextprotocol/sdk/client/auth.js')),
      ...(await import('@modelcontextprotocol/sdk/client/index.js')),
      ...(await import('@modelcontextprotocol/sdk/client/streamableHttp.js')),
    }
  : await import('@modelcontextprotocol/client')

async function test(path, body) {
  const response = await fetch(TEST + path, { method: 'POST', body })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return text
}

// Provider keeps what an application keeps for the SDK.
class Provider {
  redirectUrl = TEST + '/callback'
  clientMetadata = {
    client_name: 'TypeScript client',
    redirect_uris: [this.redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  }
  asked = [] // scopes, at each login
  saved = [] // tokens

  clientInformation() { return this.client }
  saveClientInformation(client) { this.client = client }
  tokens() { return this.saved.at(-1) }
  saveTokens(tokens) { this.saved.push(tokens) }
  discoveryState() { return this.discovered }
  saveDiscoveryState(discovered) { this.discovered = discovered }
  codeVerifier() { return this.verifier }
  saveCodeVerifier(verifier) { this.verifier = verifier }
  state() { return (this.sent = crypto.randomUUID()) }
  redirectToAuthorization(address) { this.address = address }

  async login() {
    this.asked.push(this.address.searchParams.get('scope').split(' ').sort())
    const end = new URL(await test('/visit', this.address.href)).searchParams
    assert.equal(end.get('state'), this.sent, `the login ended with ${end}`)
    assert.ok(end.get('code'), `the login ended with ${end}`)
    return SDK === '1' ? end.get('code') : end
  }
}

const provider = new Provider()
let client, transport

async function connect() {
  client = new Client({ name: 'check', version: '1' }, { versionNegotiation: { mode: 'auto' } }) // version 2 takes the newest
  transport = new StreamableHTTPClientTransport(new URL(SERVER), { authProvider: provider })
  await client.connect(transport)
}

// call has the SDK check the result against the tool's schema.
async function call(name, args = {}, options) {
  const result = await client.callTool({ name, arguments: args }, ...(SDK === '1' ? [undefined, options] : [options]))
  assert.ok(!result.isError, JSON.stringify(result))
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent)
  return result.structuredContent
}

const todos = async () => (await call('get_my_todo_list')).todos

// A stranger finds the way.
await assert.rejects(connect, UnauthorizedError)
await transport.finishAuth(await provider.login())
assert.deepEqual(provider.asked, [['openid', 'profile', 'todo_api:read']])

// Hours later the token has expired.
await test('/later')
await connect()
assert.equal(provider.saved.length, 2)
assert.notEqual(provider.saved[0].access_token, provider.saved[1].access_token)

assert.equal(SDK === '1' ? transport.protocolVersion : client.getNegotiatedProtocolVersion(), SDK === '1' ? '2025-11-25' : '2026-07-28')
const { tools } = await client.listTools()
assert.deepEqual(tools.map((tool) => tool.name).sort(), [
  'create_new_todo', 'delete_todo', 'get_my_todo_list', 'peek_api_token_claims', 'toggle_todo_status', 'who_am_I',
])
const own = (await call('who_am_I')).claims
const acting = (await call('peek_api_token_claims')).claims
assert.equal(own.aud, SERVER)
assert.notEqual(acting.aud, SERVER)
assert.equal(acting.sub, own.sub)
assert.equal(acting.act.sub, own.may_act.sub)
assert.deepEqual(acting.scope, ['todo_api:read'])
assert.deepEqual(await todos(), [])

// To write, the client needs its person again. Version 1 asks them only if it has no
// refresh token: else it gets another token, which is no better, and gives up
// (https://github.com/modelcontextprotocol/typescript-sdk/issues/2255). And each version
// registers with the scopes that it wants at first, than which AIC allows no more. So an
// application has to forget both.
const write = (text) => call('create_new_todo', { text })
await assert.rejects(write('Buy milk'), SDK === '1' ? { code: 403 } : UnauthorizedError)
provider.client = undefined
provider.saveTokens({ ...provider.tokens(), refresh_token: undefined })
assert.deepEqual(await todos(), []) // the token is still good
await assert.rejects(write('Buy milk'), UnauthorizedError)
await transport.finishAuth(await provider.login())
assert.deepEqual(provider.asked.slice(1), [['openid', 'profile', 'todo_api:read', 'todo_api:write']])

const milk = (await write('Buy milk')).todo
const bread = (await write('Buy bread')).todo
await test('/halfway')
assert.deepEqual((await call('toggle_todo_status', { todoId: milk.id, completed: true })).todo, { ...milk, completed: true })
assert.deepEqual((await todos()).map((todo) => todo.id), [bread.id, milk.id])
await call('delete_todo', { todoId: milk.id }, { onprogress() {} }) // answered by events
await call('delete_todo', { todoId: bread.id })
assert.deepEqual(await todos(), [])
assert.equal(provider.asked.length, 2)
const missing = await client.callTool({ name: 'delete_todo', arguments: { todoId: milk.id } })
assert.ok(missing.isError, JSON.stringify(missing))
await client.close()
