// Lets the MCP server act for whoever the token is for, if the token is asked for it,
// and not by an exchange.
(function () {
  if (!exchanged && asked === bare(mcpServer)) {
    token.setMayAct({ client_id: mcpServerClient, sub: mcpServerClient });
  }
}());
