// Package mockaic is a fake PingOne Advanced Identity Cloud (AIC) tenant, kept
// in memory and served over real HTTP, for tests, demos and development.
//
// In a test:
//
//	mock := mockaic.Start(t, mockaic.DevToken("dev"))
//	client := NewClient(mock.URL, "dev")
//
// [Start] runs a tenant until the test ends; [New] makes one that is an
// http.Handler only. Options choose its data, clock and chance.
// [Tenant.Inject] makes requests fail, [Tenant.Requests] tells what was asked,
// and [Person] plays the human in front of the login pages.
//
// # What is faked
//
//   - /openidm/managed/{type} and /openidm/internal/role: create, read, query,
//     replace, patch, delete, _action=patch, with revisions and conditional
//     requests, for every type in /openidm/config/managed and for those that a
//     tenant has besides: {realm}_usermeta, teammember, teammembermeta, svcacct
//   - relationships: in writes, in _fields, at their own endpoints, from both
//     ends; roles, groups and assignments granted by a condition; virtual
//     properties, which are computed from relationships when they are asked for;
//     the sidecar _meta
//   - policies: those of IDM by policyId, of a schema, and of passwords by
//     config/fieldPolicy; /openidm/policy
//   - /openidm/config with all documents of a new tenant, /openidm/schema/managed,
//     /openidm/feature, /openidm/ui/theme, /openidm/info, /feature,
//     /environment/aiagent
//   - of /am/json, for the realms alpha and bravo: journeys at
//     realm-config/authentication/authenticationtrees/trees, their nodes and the types
//     of these at .../nodes, with versions, schemas, templates and outcomes; scripts;
//     OAuth clients at realm-config/agents/OAuth2Client with schema and template; the
//     settings of the OAuth providers at realm-config/services/oauth-oidc and of the
//     authentication at realm-config/authentication, its empty chains and its modules;
//     users, their groups, devices, services and applications
//   - of /am/json, for the whole tenant: the node designer; serverinfo (serverinfo/*
//     without a token, too), global-config/realms, contexts, and
//     global-config/services/scripting/contexts with their engineConfiguration
//   - of /am/json, for all realms: logins at authenticate, step by step through the
//     realm's journeys, and sessions with their actions; nodes of the types that are
//     named at the end run
//   - /environment/variables, secrets with their versions, count, startup: values
//     wait for a restart, which takes [RestartTime] by the tenant's clock
//   - /monitoring/logs, tail and sources, and /keys: what requests, logins and
//     changes leave in am-access, am-activity, am-authentication, am-config,
//     am-core, environment-access, idm-access, idm-activity, idm-authentication,
//     idm-config and idm-core, the last events up to [LogBytes]
//   - /am/oauth2 of every realm: discovery, JWKS, the authorization endpoint
//     with a login page for every step of a journey and a consent page, which answers
//     by query, fragment or form_post, pushed
//     authorization requests, device codes with the page where people type them;
//     authorization_code with PKCE, refresh_token, client_credentials, password,
//     device_code, token exchange by impersonation and by delegation, jwt-bearer for
//     service accounts; introspection (as JSON and as a JWT), tokeninfo, userinfo,
//     idtokeninfo, revocation, endSession; tokens are good under every name that
//     the tenant is reached by
//   - the OAuth providers of the realms alpha and bravo follow their settings, and the
//     clients' profiles and overrides: lifetimes, refresh tokens, algorithms, tokens
//     that are JWTs or opaque, PKCE, grants, scopes, consent, discovery, device codes,
//     pushed requests, claims, credentials in the query, audiences of exchanges, ages of
//     logins, response types, registration. A new tenant's sign access tokens with HS256
//     (recorded); those of the demo with RS256, and they exchange tokens.
//     [Tenant.RotateKeys] makes new keys
//   - clients that authenticate by a secret (basic, post, client_secret_jwt), by a key
//     (private_key_jwt) or not at all; dynamic registration in the realms below the
//     root, with its management, closed or open as the provider is set
//   - CORS for all below /am, by the entries of the tenant's CORS service, of which
//     a new tenant has none, or for [AnyOrigin]; IDM has none
//   - the scripts in JavaScript that set may_act and that modify access tokens, of
//     the provider or of a client that overrides it, in the realms alpha and bravo
//   - the demo's realm alpha is ready for a remote MCP server that acts for its
//     callers ([RemoteMCP], [MCPClientID]): open registration, both scripts, the
//     scopes of a to-do API, and CORS for the MCP Inspector
//
// # What is not
//
// These answer 501 and say so:
//
//   - of IDM: custom endpoints, script, sync, recon, scheduler, workflow, audit,
//     notifications, internal/user, connectors and the like; writes of
//     /openidm/ui/theme (themes are written in config/ui/themerealm)
//   - _action=triggerSyncCheck, _queryId, _queryExpression, multipart bodies of
//     more than one part
//   - the grants saml2-bearer, ciba and uma-ticket, and jwt-bearer for others than
//     service accounts; an exchange for an ID token; registration by those who may in
//     the root realm, where it is closed; /bc-authorize, /resource_set and
//     /connect/checkSession; the discovery and the registration of AI agents, aiagent
//   - the schema and the template of CORS entries
//   - the schema, template and outcomes of the node types named at the end, and
//     nodes of them
//   - nodes of other types, or that validate what is typed, when a journey comes to
//     one; suspended journeys; authIndexType other than service
//   - of /am/json: listLatestNodeDefinitions; writes of realms and of what is below
//     users; other kinds of agents and services; the rest, as that of /environment;
//     /platform
//
// The authorization endpoint, and /device/code, answer request objects, the parameter
// claims, acr_values that loaMapping leads to a journey and response modes with jwt with
// the error invalid_request, and response types other than code, implicit and hybrid
// ones, with unsupported_response_type; a request_uri that was not pushed gets a page
// with 501. A policy whose
// regular expression has \p{Script=...} is refused with 400.
//
// Keys of clients are fetched from their jwksUri only if that is an address of this
// machine, or of a host that [KeyHosts] names, over HTTPS: who registers a client
// can't make the tenant call others. Such a fetch follows no redirects, takes 64 KiB
// and 5 seconds at most, and nothing of it is ever answered. Other addresses that a
// client registers are never called.
//
// Not there yet, and not noticed by an error: scripts of a type (onCreate and the like)
// and those of AM but for the two kinds above are stored and do not run; the OAuth
// providers have no other settings than those above, so that tokens, introspection and
// user information are never encrypted, user information is JSON, and
// useForceAuthnForPromptLogin and useForceAuthnForMaxAge change nothing, nor does
// ui_locales; tls_client_auth can be registered and not used; tokens of the realms alpha
// and bravo are for their clients only, not for the tenant's APIs;
// passwordLastChangedTime and passwordExpirationTime stay unset; policies without a rule
// here (mapping-exists, scripts of one's own) are not enforced, nor is that a user's _id
// is a UUID; any resource version may be asked for, but where versions differ; the order
// of an object's members is not kept (JSON gives it no meaning); the query _id sw
// "emailTemplate" finds the shipped templates too; the tenant enforces no quota but for
// those named below; nothing is ever written to idm-recon and idm-sync, nor an event
// when a session ends by itself, and events of am-access name no tracking IDs of
// bearers.
//
// # Scripts
//
// A script may take 5 s, or [ScriptTime]; its caller gets the tenant's error then,
// whatever the script does. Also bounded are the length and nesting of its source, the
// depth of calls, what built-in functions take and make, the time of regular
// expressions, the memory that the process takes meanwhile, and the number of scripts
// that go on after their time. A token, with what is added to its answer, may have
// 256 KiB. Not bounded are the time of parsing a source that is made to take long, what
// is allocated within 10 ms, and built-in functions that take minutes for texts near
// the bound. Map, Set, Symbol, Promise and the like are not
// there, as in AM; BigInt, typed arrays, httpClient, openidm, secrets, ESVs, crypto but
// for randomUUID, and Java classes but for JsonValue are not there yet. Syntax that
// AM's engine refuses is not refused, but for ... in objects.
//
// # Unkind by default
//
// A query without sort keys gives an arbitrary order, the same for the same
// [Chance]; cookies are opaque and hold for their query only; unknown types,
// properties and, below /openidm and /am/json, parameters that begin with an
// underscore are refused. So a client that works here relies on nothing that a
// tenant does not promise.
//
// # What doubtful behaviour rests on
//
// Recordings of tenants come first, then what was checked on live tenants, the
// documentation, the results of the CREST reference implementation, and last
// inference. Inferred are:
//
//   - 403 "Access denied" for a bearer without the scope of an API
//   - 400 for a property that a user type does not have; other types keep any
//   - 413 for bodies above 10 MiB
//   - the names of directory entries for types outside the realms
//   - that errors at the authorization endpoint go to the redirection URI once
//     client and URI are known to be good; before, an error page is shown
//   - that a type without a schema counts its objects' revisions up from 0, as
//     the reference implementation does, and begins anew for an object that was
//     deleted and created again: recorded revisions, a UUID and a number, are all
//     of types with a schema
//   - that _countOnly is known at every protocol version
//   - that managed/teammember is closed to all but the people who run the tenant,
//     and svcacct to all but them, the developer's token and, for a read of itself
//     (checked on a tenant), a service account: 403 is recorded for callers without
//     the privilege
//   - that a PUT leaves the relationships that it does not name, and takes null for
//     an unset attribute of the directory; a create refuses it (recorded)
//   - that a relationship with a single-valued other end replaces the one there
//   - that writing an edge at its own endpoint changes the revision of neither end;
//     that a patch of one end leaves that of the other is recorded
//   - that a condition which is no query filter is fulfilled by nobody, that what a
//     condition grants stays whatever clients remove, and that their _grantType is
//     ignored; conditions are evaluated when the object that fulfils them is written,
//     at its own address or that of its relationships, or the object that has them,
//     not when something that either is related to changes
//   - that a relationship is returned without being asked for if its returnByDefault
//     is true, and not if it is missing
//   - that _fields follows two relationships at most, and that one answer has a
//     million objects behind relationships at most (413)
//   - the body of /environment/aiagent's answer, which is {}
//   - that the value of a variable is checked against its type; that what a
//     placeholder in the configuration refers to is not deleted, with 400 (that it
//     is refused is documented); that there are at most 2000 variables, and as
//     many secrets, of at most 1000 versions each, with descriptions of at most
//     1024 bytes, and 1000 API keys for the logs
//   - that the newest version of a secret can be neither disabled (recorded) nor
//     deleted, so that it is the active one; that a version with the value of the
//     newest is a new one, though the documentation says that it is not made
//   - the members of events that are not recorded: the reason in a response's
//     detail, the detail of a refused write, those of idm-authentication; that an
//     event about an object which was only written again is left out, and that the
//     texts and lists of an event above 16 KiB are cut; events are there at once,
//     while a tenant's come seconds to minutes late
//   - the bodies of the logs' answers 401, 403 and 429
//   - what is said to an assertion of a service account that is not good: the texts
//     are recorded for other issuers; that an assertion is good once
//   - that a script in use, which is one whose ID stands somewhere in the
//     configuration of its realm, and a default script can't be deleted, with 409;
//     the texts of refused scripts; the texts and descriptions of the default scripts,
//     whose IDs, names and contexts are recorded; that a realm has at most 5000
//     documents of a kind
//   - of journeys: that deleting one deletes its nodes and those on its pages, and
//     deleting a page alone leaves what is on it; that a write which brings the
//     configurations of nodes writes all or nothing; that _rev is refused in the body of
//     a journey; that journeys may name nodes, scripts, journeys and outcomes that do
//     not exist; the texts about a node's attributes, which are those recorded for
//     journeys, and the 404 of a resource version that is not there
//   - of node types: that listOutcomes answers an array; the attributes and outcomes of
//     some types of which no node is recorded, which follow AM's published nodes;
//     titles and descriptions, but for those of recorded schemas; help texts; that a
//     node type counts as in use if a journey has a node of it
//   - that a write of realm-config/authentication leaves what it does not name
//   - of OAuth clients: the titles in the schema; the names of four newer attributes and
//     what an attribute has that is left out, which others have read from a tenant's
//     template; that a value of the wrong type is refused, in the words recorded for
//     trees; that a client whose secret is left out or null keeps it; groups of clients
//     are not there, and which value is inherited is only kept
//   - of client authentication: that a client of OpenID Connect which has a secret or
//     keys must use its own method, any other may use either; that an assertion has the
//     algorithm of tokenEndpointAuthSigningAlgorithm, and its audience is spelled as the
//     request was, which must have been sent to localhost, to the machine's address or,
//     with [PublicURL], to any name of the proxy; the same holds for service accounts; that
//     of 200,000 used assertions which have not expired none is forgotten, and more are
//     refused with 503; that keys at a jwksUri are fetched anew after the two times that the
//     client is set to
//   - of token exchange: that may_act with a sub needs an actor token of that subject;
//     that ID tokens are taken where they have may_act, and start a grant of their own;
//     that a refresh token of an exchange keeps its act and aud
//   - of registration: the texts of errors; that a client gets no scope which the
//     provider does not support; what is refused: redirects that are relative, have
//     credentials, fragments, wildcards or odd characters, or a scheme such as
//     javascript and data, but not plain http, whatever the host; logos and keys that
//     are not on HTTPS or this machine; keys that are not public; every software
//     statement, as no publisher is known; that a client with a redirect to http on a
//     loopback address gets loopbackInterfaceRedirection, unless it says that it is for
//     the web; that only an active client manages its registration, and a change leaves
//     what others have set of it; that the developer's token may register
//   - of CORS: the members of an entry, which are documented; that a page or a preflight
//     that no entry lets in is answered as if it came from no page
//   - that serverinfo/* is answered without a token, and what there is below a user who
//     does not exist: 404; no devices and no consents are kept, so that the lists of
//     both are always empty; which properties an entry of /am/json/{realm}/users has
//     beyond the recorded ones
//   - of script contexts: the classes, limits and bindings of those that are not
//     recorded, which are like others of their generation; a binding of which only
//     the name is recorded is of the type unknown
//   - of token scripts: that the one for may_act runs first, and both with every access
//     token; that the first may change an access token as the other does (read in a
//     published set-up of an MCP server); that expiry times are in milliseconds; that a
//     script which is not there, or in Groovy, fails; that none changes tokenName, realm
//     and authGrantId, which the tenant knows its tokens by; that one fails which gives
//     a claim of the tenant's another type, but for scope, which may be a text; that
//     requestHeaders lack Authorization, Proxy-Authorization, Cookie and the header of
//     the session, while requestParams lack password and client_secret only (recorded),
//     so that client_assertion and tokens are there; that a code can be used again if a
//     script fails, while a refresh token that is renewed and a device code are lost;
//     that a JsonValue keeps a copy of what is put into it
//   - that a client which is not Active is unknown to its provider, and that a
//     confidential one without a secret can't authenticate; that a session of
//     one realm is none in another
//   - of logins at the authorization endpoint: that prompt=login ends the session that
//     there was, which AM's ancestor does, and so does a login that is too old; that for
//     a pushed request with prompt=login a login after the push will do; that max_age
//     and the client's defaultMaxAge count as minMaxAge at least; that an id_token_hint
//     that names another than who is logged in, or is no ID token of the realm, gets
//     login_required; the texts about prompts and response modes; that a parameter has
//     at most 4 KiB, and all of a request 16 KiB together
//   - of users who are gone or inactive: that they get no tokens by any grant
//     (invalid_grant, and for exchanges what those always say) and no user information
//     (401), and that their sessions are none for OAuth, but live on at /am/json/sessions;
//     that introspection and tokeninfo don't ask who is there
//   - of refresh tokens: that a spent one is refused and takes nothing with it, as
//     nothing tells that AM revokes its grant; that its grace period begins with its
//     first use
//   - of revocations: that, when 20,000 revoked access tokens have not expired, a further
//     one goes with all tokens of its grant
//   - of errors: that state, which AM's ancestor adds to JSON, comes last; that the page of
//     an error has the text in description, and its code in message
//   - of OAuth: that a verifier is refused for a code without a challenge, and in an
//     exchange an ID token that a client made with its own secret; that a saved consent
//     is of one realm, and cannot be pushed; that refresh tokens, device codes and names
//     of pushed requests are opaque whatever the settings are, and pushed requests can
//     be used until they expire; that a client without default scopes gets those of the
//     provider's that it may have; that a device may poll half a second early, and that
//     a poll which came too early does not count; that pages where people type codes
//     refuse forms of other sites; that whose client no token is revokes nothing, with
//     200; that the user name of an introspection is the user's ID; what is said of ID
//     tokens that are not good, and of a journey that asks more than the password grant
//     has, with 500 (documented); that one which asks for name and password again has
//     refused them; the text that discovery is off, and that of requests which must be
//     pushed; that tokeninfo tells the remaining time, and nothing of scopes; that
//     zoneinfo and locale are the properties preferredTimezone and preferredLocale; that
//     the JWKS has one key of each type, not two (documented), and none for encryption;
//     that an ID token with an algorithm of the family HS is signed with the client's
//     secret, and an access token with a key that nobody is told
//   - of logins: that administrators have no second factor, whose set-up page is recorded;
//     that an inactive account with the right password is locked for the
//     IdentityStoreDecisionNode, and fails the DataStoreDecisionNode; that the headers
//     X-OpenAM-Username and X-OpenAM-Password are used once each; that a step comes with
//     a full authenticationSessionsMaxDuration, and is good only once where
//     authenticationSessionsWhitelist is set; that goto must be the tenant's own address;
//     that a request goes through at most 100 nodes, and journeys are nested 10 deep;
//     that the nodes of a page are not logged one by one; the texts of an inactive account
//     and of an unknown realm; the bodies of errors of sessions; that no session property
//     is on the list of those that clients may read; the text of the 403 for a request with
//     the session cookie and neither Accept-API-Version nor X-Requested-With (documented);
//     that the sessions of others are for
//     bearers with the scope fr:am:* and administrators' sessions
//   - that the versions 1.0 and 2.0 of /environment answer alike, and others 400
//
// The tenant leaves Strict-Transport-Security out on HTTPS to a loopback name,
// where it would lock a developer's other servers out of plain HTTP for a year.
//
// # Seed directories
//
// [Seed] takes a directory; [Tenant.Export] writes one and says what is in it.
// [Tenant.Import] and [Tenant.Reset] replace what a running tenant holds,
// [Tenant.Advance] moves its clock. [Tenant.Admin] offers all that over HTTP:
// mockaic --admin 127.0.0.1:9090, whose GET / lists what there is. An import keeps
// the journal, the faults and the clock; sessions and tokens are gone after it.
//
// # Node types that run
//
//	AccountActiveDecisionNode, AccountLockoutNode, AttributeCollectorNode,
//	AttributePresentDecisionNode, AttributeValueDecisionNode, AuthLevelDecisionNode,
//	ChoiceCollectorNode, DataStoreDecisionNode, IdentityStoreDecisionNode,
//	IncrementLoginCountNode, InnerTreeEvaluatorNode, LoginCountDecisionNode,
//	MessageNode, ModifyAuthLevelNode, PageNode, PasswordCollectorNode, PatchObjectNode,
//	QueryFilterDecisionNode, RetryLimitDecisionNode, SetFailureUrlNode, SetStateNode,
//	SetSuccessUrlNode, UsernameCollectorNode, ValidatedPasswordNode,
//	ValidatedUsernameNode, ZeroPageLoginNode
//
// # Node types that are only named
//
// Of these types the list of types tells, but no more is known:
//
//	ADDecisionNode, AkamaiAccountProtectorNode, AppPolicyDecisionNode,
//	AutonomousAccessDecisionNode, AutonomousAccessResultNode,
//	AutonomousAccessSignalNode, BackChannelInitNode, BackChannelStatusNode,
//	BackchannelNotificationNode, BioCatchSessionCollectorNode, BioCatchSessionNode,
//	BioCatchSessionProfilerNode, ClearNode, CombinedMultiFactorRegistrationNode,
//	CrowdStrikeDeviceDetails, CrowdStrikeDeviceIncidents, CrowdStrikeUserRiskAnalysis,
//	CrowdStrikeZeroTrustAssessment, DaVinciNode, DeviceBindingNode,
//	DeviceBindingStorageNode, DeviceSigningVerifierNode, DuoNode,
//	DuoUniversalPromptNode, EnableDeviceManagementNode, FingerprintProfilerNode,
//	FingerprintResponseNode, GoogleChromeDeviceTrust, IGCommunication,
//	IdentityAssertionDecisionNode, IdxAuthRequestNode, IdxAuthStatusNode,
//	IdxCheckEnrollmentStatus, IdxMobileAuthRequestNode,
//	IdxMobileValidateAuthRequestNode, IdxSponsorUser, IntuneNode, IotAuthenticationNode,
//	IotRegistrationNode, JumioDecisionNode, JumioInitiateNode, JwtPasswordReplayNode,
//	LnrsIidqaGetQuizNode, LnrsIidqaQuizCollectorNode, LnrsIidqaQuizDecisionNode,
//	LnrsOtpCollectorNode, LnrsOtpDecisionNode, LnrsOtpSelectNode, LnrsOtpSendNode,
//	NuDataCaptchaNode, NuDataInitializeNode, NuDataScoreNode, NuDataTriggerMFANode,
//	NuDataUpdateNode, OS_Auth_ActivateDeviceNode, OS_Auth_AddDeviceNode,
//	OS_Auth_CheckActivationNode, OS_Auth_CheckSessionStatusNode,
//	OS_Auth_GenerateChallengeNode, OS_Auth_GetUserAuthenticatorNode,
//	OS_Auth_UserLoginNode, OS_Auth_UserRegisterNode, OS_Auth_VDPAssignAuthenticatorNode,
//	OS_Auth_VDPGenerateVOTPNode, OS_Auth_VDPUserRegisterNode, OS_Auth_ValidateEventNode,
//	OS_Auth_ValidateTransactionNode, OS_Auth_VisualCodeNode, OS_Auth_VisualCodeStopNode,
//	OS_IDV_IdentityVerificationNode, OS_Risk_CDDCNode, OS_Risk_InsertTransactionNode,
//	OS_Sample_AttributesCollector, OS_Sample_ErrorDisplayNode,
//	OS_Sample_StoreCommandNode, OS_Sample_TransactionCollector, OctopusNode,
//	OctopusReturnNode, OidcNode, PingOneAuthorizeNode, PingOneCreateUserNode,
//	PingOneCredentialsFindWallets, PingOneCredentialsIssue,
//	PingOneCredentialsPairWallet, PingOneCredentialsRemoveWallet,
//	PingOneCredentialsRevoke, PingOneCredentialsUpdate, PingOneCredentialsVerification,
//	PingOneDeleteUserNode, PingOneIdentityMatchNode, PingOneIdentityProviderHandlerNode,
//	PingOneProtectEvaluationNode, PingOneProtectInitializeNode,
//	PingOneProtectResultNode, PingOneVerifyAuthentication,
//	PingOneVerifyCompletionDecisionNode, PingOneVerifyEvaluationNode,
//	PingOneVerifyProofing, PolicyDecisionNode, RadiusChallengeCollectorNode,
//	RadiusDecisionNode, SecurID, SetLogoutDetailsNode, SocureDeviceIDCollector,
//	SocureDocumentVerificationNode, SocureIdPlusAuth, ThreatMetrixProfilerNode,
//	ThreatMetrixReasonCodeNode, ThreatMetrixReviewStatusNode,
//	ThreatMetrixSessionQueryNode, ThreatMetrixUpdateReviewNode, TypingDNADecisionNode,
//	TypingDNARecorder, TypingDNAResetProfile, TypingDNAShortPhraseCollector,
//	VerifyAuthCollectorDecisionNode, VerifyAuthIdentifierNode, VerifyAuthLookupNode,
//	VerifyAuthSenderNode, hibpAuthNode, iProovNode, onfidoCheckNode,
//	onfidoRegistrationNode, product-CaptchaEnterpriseNode,
//	product-CertificateCollectorNode, product-CertificateUserExtractorNode,
//	product-CertificateValidationNode, product-KerberosNode, product-SecurIdNode,
//	product-WriteFederationInformationNode, provePrefillNode, proveTrustNode,
//	spycloudAuthNode
package mockaic
