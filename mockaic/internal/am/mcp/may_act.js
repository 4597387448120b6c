// Lets the MCP server act for whoever the token is for, if the token is asked for
// with resource=mcpServer (RFC 8707) and not by an exchange.
(function () {
  var params = requestProperties.requestParams;
  var bare = function (url) { return String(url).replace(/\/$/, ""); };
  var exchanged = params.grant_type && String(params.grant_type[0]).indexOf("token-exchange") >= 0;
  if (!exchanged && params.resource && bare(params.resource[0]) === bare(mcpServer)) {
    token.setMayAct({ client_id: mcpServerClient, sub: mcpServerClient });
  }
}());
