package am

import (
	"encoding/json"
	"testing"
)

func TestStockProvider(t *testing.T) {
	provider := StockProvider()
	// The number of members that recording 70ef785bc495 has.
	for section, members := range map[string]int{
		"advancedOIDCConfig": 27, "advancedOAuth2Config": 35, "clientDynamicRegistrationConfig": 6, "coreOIDCConfig": 7,
		"coreOAuth2Config": 11, "consent": 8, "deviceCodeConfig": 5, "pluginsConfig": 17, "cibaConfig": 3,
	} {
		if got, _ := provider[section].(map[string]any); len(got) != members {
			t.Errorf("%s has %d members, recorded are %d", section, len(got), members)
		}
	}
	if agents := provider["aiAgentsConfig"].(map[string]any); agents["aiAgentsEnabled"] != false {
		t.Errorf("aiAgentsConfig: %v", agents)
	}
	if _, err := json.Marshal(provider); err != nil {
		t.Error(err)
	}
}
