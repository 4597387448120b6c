// What the token is asked for (RFC 8707), without a slash at its end. A refresh that
// doesn't say is for the MCP server if the token has a scope of the APIs.
var bare = function (url) { return String(url).replace(/\/$/, ""); };
var grant = String((requestProperties.requestParams.grant_type || [""])[0]);
var exchanged = grant.indexOf("token-exchange") >= 0;
var asked = (function () {
  var resource = requestProperties.requestParams.resource;
  if (resource) {
    return bare(resource[0]);
  }
  var forAPI = apiScopes.some(function (scope) { return scopes.indexOf(scope) >= 0; });
  return grant === "refresh_token" && forAPI ? bare(mcpServer) : "";
}());

