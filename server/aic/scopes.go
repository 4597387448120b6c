package aic

// The OAuth scopes of a tenant's APIs.
const (
	// IDM is what the managed object, configuration and theme APIs ask for.
	IDM = "fr:idm:*"
	// AM is what the configuration of realms asks for.
	AM = "fr:am:*"
	// ESVRead opens environment secrets and variables for reading.
	ESVRead = "fr:idc:esv:read"
	// ESVUpdate is what changing them asks for; it does not open reading.
	ESVUpdate = "fr:idc:esv:update"
	// Monitoring opens the logs.
	Monitoring = "fr:idc:monitoring:*"
)
