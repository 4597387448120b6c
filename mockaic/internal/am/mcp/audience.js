// Makes access tokens for the resource that they are asked for: those of clients for
// the MCP server, those that it exchanges for the APIs it may call.
(function () {
  var allowed = exchanged && String(clientProperties.clientId) === mcpServerClient ? apis : exchanged ? [] : [mcpServer];
  allowed.forEach(function (url) {
    if (bare(url) === asked) {
      accessToken.setField("aud", bare(url));
    }
  });
}());
