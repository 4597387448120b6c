package am

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/store"
)

// shippedScript is a script that every realm has from the start. Their texts and
// descriptions are this package's own.
type shippedScript struct{ id, name, context, language, version string }

const (
	javascript = "JAVASCRIPT"
	groovy     = "GROOVY"
)

// shippedScripts are the default scripts of a new tenant, as recorded.
var shippedScripts = []shippedScript{
	{"157298c0-7d31-4059-a95b-eeb08473b7e5", "Device Id (Match) - Client Side", "AUTHENTICATION_CLIENT_SIDE", javascript, "1.0"},
	{"c827d2b4-3608-4693-868e-bbcf86bd87c7", "Scripted Module - Client Side", "AUTHENTICATION_CLIENT_SIDE", javascript, "1.0"},
	{"703dab1a-1921-4981-98dd-b8e5349d8548", "Device Id (Match) - Server Side", "AUTHENTICATION_SERVER_SIDE", javascript, "1.0"},
	{"7e3d7067-d50f-4674-8c76-a3e13a810c33", "Scripted Module - Server Side", "AUTHENTICATION_SERVER_SIDE", javascript, "1.0"},
	{"01e1a3c0-038b-4c16-956a-6c9d89328cff", "Authentication Tree Decision Node Script", "AUTHENTICATION_TREE_DECISION_NODE", javascript, "1.0"},
	{"13e3f263-9cd3-4844-8d1c-040fd0dd02eb", "Device Profile Match Template - Decision Node Script", "AUTHENTICATION_TREE_DECISION_NODE", javascript, "1.0"},
	{"11e1a3c0-038b-4c16-956a-6c9d89328cff", "Next Generation Scripted Decision Node Script", "AUTHENTICATION_TREE_DECISION_NODE", javascript, "2.0"},
	{"ac40a394-b3cd-400f-b2aa-b6b2e4a8be8e", "Cache Loader Script", "CACHE_LOADER", javascript, "2.0"},
	{"5e854779-6ec1-4c39-aeba-0477e0986646", "Config Provider Node Script", "CONFIG_PROVIDER_NODE", javascript, "1.0"},
	{"11e1a3c0-038b-4c16-956a-6c9d89328d00", "Next Generation Device Match Node Script", "DEVICE_MATCH_NODE", javascript, "2.0"},
	{"6c49bebe-3a62-11ed-a261-0242ac120002", "Library Script", "LIBRARY", javascript, "2.0"},
	{"c234ba0b-58a1-4cfd-9567-09edde980745", "ForgeRock Internal: OAuth2 Access Token Modification Script", "OAUTH2_ACCESS_TOKEN_MODIFICATION", javascript, "1.0"},
	{"d22f9a0c-426a-4466-b95e-d0f125b0d5fa", "OAuth2 Access Token Modification Script", "OAUTH2_ACCESS_TOKEN_MODIFICATION", javascript, "1.0"},
	{"3f93ef6e-e54a-4393-aba1-f322656db28a", "OAuth2 Authorize Endpoint Data Provider Script", "OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER", javascript, "1.0"},
	{"4b6b7e8e-cf03-46c8-949f-c5742dbd6bc5", "OAuth2 Dynamic Client Registration Script", "OAUTH2_DYNAMIC_CLIENT_REGISTRATION", javascript, "2.0"},
	{"da56fe60-8b38-4c46-a405-d6b306d4b336", "OAuth2 Evaluate Scope Script", "OAUTH2_EVALUATE_SCOPE", javascript, "1.0"},
	{"c735de08-f8f2-4e69-aa4a-2d8d3d438323", "OAuth2 May Act Script", "OAUTH2_MAY_ACT", groovy, "1.0"},
	{"400e48ba-3f13-4144-ac7b-f824ea8e98c5", "OAuth2 JWT Issuer Script", "OAUTH2_SCRIPTED_JWT_ISSUER", javascript, "1.0"},
	{"25e6c06d-cf70-473b-bd28-26931edc476b", "OAuth2 Validate Scope Script", "OAUTH2_VALIDATE_SCOPE", javascript, "1.0"},
	{"1f389a3d-21cf-417c-a6d3-42ea620071f0", "ForgeRock Internal: OIDC Claims Script", "OIDC_CLAIMS", javascript, "1.0"},
	{"36863ffb-40ec-48b9-94b1-9a99f71cc3b5", "OIDC Claims Script", "OIDC_CLAIMS", javascript, "1.0"},
	{"9de3eb62-f131-4fac-a294-7bd170fd4acb", "Scripted Policy Condition", "POLICY_CONDITION", javascript, "1.0"},
	{"248b8a56-df81-4b1b-b4ba-45d994f6504c", "SAML2 IDP Adapter Script", "SAML2_IDP_ADAPTER", javascript, "1.0"},
	{"7c399b7e-e596-4447-aa7a-071af55e892c", "SAML2 IDP Adapter Script (Next Gen)", "SAML2_IDP_ADAPTER_NEXTGEN", javascript, "2.0"},
	{"c4f22465-2368-4e27-8013-e6399974fd48", "SAML2 IDP Attribute Mapper Script", "SAML2_IDP_ATTRIBUTE_MAPPER", javascript, "1.0"},
	{"0c1d7319-5a82-4359-8839-094121404832", "SAML IDP Attribute Mapper Script (Next Gen)", "SAML2_IDP_ATTRIBUTE_MAPPER_NEXT_GEN", javascript, "2.0"},
	{"4a171d3a-056b-4ab7-a19f-d7e93ddf7ae5", "SAML2 NameID Mapper Script", "SAML2_NAMEID_MAPPER", javascript, "2.0"},
	{"05ab4a85-11ec-4a32-94cf-05bbb763c8f3", "SAML2 SP Account Mapper Script", "SAML2_SP_ACCOUNT_MAPPER", javascript, "2.0"},
	{"69f06e63-128c-4e2f-af52-079a8a6f448b", "SAML2 SP Adapter Script", "SAML2_SP_ADAPTER", javascript, "1.0"},
	{"91bd046e-0221-41ed-8890-6858c1efd998", "SAML2 SP Adapter Script (Next Gen)", "SAML2_SP_ADAPTER_NEXTGEN", javascript, "2.0"},
	{"6b3cfd48-62d3-48ff-a96f-fe8f3a22ab30", "Amazon Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"484e6246-dbc6-4288-97e6-54e55431402e", "Apple Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"bae1d54a-e97d-4997-aa5d-c027f21af82c", "Facebook Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"a7a78773-445b-4eca-bb93-409e86bced81", "GitHub Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"58d29080-4563-480b-89bb-1e7719776a21", "Google Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"1244e639-4a31-401d-ab61-d75133d8dc9e", "Instagram Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"3d97c436-42c0-4dd0-a571-ea6f34f752b3", "Itsme Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"60609c1a-4cef-4729-a417-354aafdebf3f", "LINE Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"b4f3facb-c754-4e7f-b1c0-f4d46f592126", "LinkedIn Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"8862ca8f-7770-4af5-a888-ac0df0947f36", "LinkedIn Profile Normalization (Legacy)", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"73cecbfc-dad0-4395-be6a-6858ee3a80e5", "Microsoft Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"ed685f9f-5909-4726-86e8-22bd38b47663", "Normalized Profile to Identity", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"58c824ae-84ed-4724-82cd-db128fc3f6c", "Normalized Profile to Managed User", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"312e951f-70c5-49d2-a9ae-93aef909d5df", "Salesforce Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"1d475815-72cb-42eb-aafd-4026989d28a7", "Social Identity Provider Profile Transformation Script", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"8e298710-b55e-4085-a464-88a375a4004b", "Twitter Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"403cf226-6051-4368-8b72-9ba14f9a5140", "VKontakte Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"472534ec-a25f-468d-a606-3fb1935190df", "WeChat Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"91d197de-5916-4dca-83b5-9a4df26e7159", "WordPress Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
	{"424da748-82cc-4b54-be6f-82bd64d82a74", "Yahoo Profile Normalization", "SOCIAL_IDP_PROFILE_TRANSFORMATION", groovy, "1.0"},
}

// internalScripts are used by the tenant itself: reads of one are refused, though
// lists show them.
var internalScripts = []string{"c234ba0b-58a1-4cfd-9567-09edde980745", "1f389a3d-21cf-417c-a6d3-42ea620071f0"}

func isInternal(id string) bool { return slices.Contains(internalScripts, id) }

func isShipped(id string) bool {
	return slices.ContainsFunc(shippedScripts, func(s shippedScript) bool { return s.id == id })
}

// ownTexts are what the shipped scripts do, by context; where there is none, they do
// nothing.
var ownTexts = map[string]string{
	"AUTHENTICATION_TREE_DECISION_NODE 1.0": "outcome = 'true';\n",
	"AUTHENTICATION_TREE_DECISION_NODE 2.0": "action.goTo('true');\n",
	"DEVICE_MATCH_NODE 2.0":                 "action.goTo('true');\n",
	"CONFIG_PROVIDER_NODE 1.0":              "config = {};\n",
	"POLICY_CONDITION 1.0":                  "authorized = true;\n",
	"AUTHENTICATION_SERVER_SIDE 1.0":        "authState = SUCCESS;\n",
	"LIBRARY 2.0":                           "exports.greet = function (name) { return 'Hello ' + name; };\n",
}

// StockScripts are the scripts of a realm of a new tenant.
func StockScripts(realm string) []store.Object {
	all := []store.Object{
		// The provider of a new realm refers to these.
		newScript(shippedScript{"39c08084-1238-43e8-857f-2e11005eac49", realmTitle(realm) + " OAuth2 Access Token Modification Script", "OAUTH2_ACCESS_TOKEN_MODIFICATION", javascript, "1.0"}),
		newScript(shippedScript{"cf3515f0-8278-4ee3-a530-1bad7424c416", realmTitle(realm) + " OIDC Claims Script", "OIDC_CLAIMS", javascript, "1.0"}),
	}
	for _, s := range shippedScripts {
		all = append(all, newScript(s))
	}
	return all
}

func realmTitle(realm string) string { return strings.ToUpper(realm[:1]) + realm[1:] }

func newScript(s shippedScript) store.Object {
	text := "// " + s.name + ", which does nothing in this fake tenant.\n"
	if own, ok := ownTexts[s.context+" "+s.version]; ok {
		text = own
	}
	if s.context == "SOCIAL_IDP_PROFILE_TRANSFORMATION" {
		text = "return rawProfile\n"
	}
	return store.Object{
		"_id": s.id, "name": s.name, "description": "Comes with the tenant, for the context " + s.context,
		"script": base64.StdEncoding.EncodeToString([]byte(text)), "language": s.language, "context": s.context, "evaluatorVersion": s.version,
		"createdBy": nobody, "creationDate": json.Number("0"), "lastModifiedBy": nobody, "lastModifiedDate": json.Number("0"),
	}
}
