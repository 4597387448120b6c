// Makes access tokens for the resource that they are asked for (RFC 8707): those of
// clients for the MCP server, those that it exchanges for the APIs it may call.
(function () {
  var params = requestProperties.requestParams;
  var bare = function (url) { return String(url).replace(/\/$/, ""); };
  if (!params.resource) {
    return;
  }
  var asked = bare(params.resource[0]);
  var exchanged = params.grant_type && String(params.grant_type[0]).indexOf("token-exchange") >= 0;
  var allowed = exchanged && String(clientProperties.clientId) === mcpServerClient ? apis : exchanged ? [] : [mcpServer];
  allowed.forEach(function (url) {
    if (bare(url) === asked) {
      accessToken.setField("aud", bare(url));
    }
  });
}());
