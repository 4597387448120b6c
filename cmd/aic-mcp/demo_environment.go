package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// settings sets a variable, changes it, and meets a secret.
func (t *tour) settings(ctx context.Context) error {
	const id = "esv-demo-limits"
	for _, value := range []map[string]any{{"daily": 10}, {"daily": 20}} {
		arguments := map[string]any{"variableId": id, "value": value}
		if value["daily"] == 10 {
			arguments["type"], arguments["description"] = "object", "How much a day"
		}
		set, err := t.succeed(ctx, "setVariable", arguments, func(a map[string]any) string {
			return fmt.Sprintf("created: %v; %v variables wait for a restart", a["created"], object(a, "pending")["variables"])
		})
		if err != nil {
			return err
		}
		_, variable, err := t.look(ctx, "/environment/variables/"+id)
		if err != nil {
			return err
		}
		text, err := base64.StdEncoding.DecodeString(fmt.Sprint(variable["valueBase64"]))
		if err != nil {
			return fmt.Errorf("the variable's value: %w", err)
		}
		if err := t.check(string(text) == compactJSON(value) && variable["description"] == "How much a day" && set["loaded"] == false,
			"the tenant has %s, %q, not loaded", text, variable["description"]); err != nil {
			return err
		}
	}
	answer, failed, err := t.call(ctx, "setVariable", map[string]any{"variableId": id, "value": "no object"}, func(map[string]any) string { return "went through" })
	if err != nil {
		return err
	}
	_, variable, err := t.look(ctx, "/environment/variables/"+id)
	if err != nil {
		return err
	}
	if err := t.check(failed && object(answer, "error")["status"] == nil && variable["valueBase64"] == base64.StdEncoding.EncodeToString([]byte(`{"daily":20}`)),
		"the tenant has kept the value"); err != nil {
		return err
	}
	secrets, err := t.succeed(ctx, "queryESVs", map[string]any{"type": "secret", "queryTerm": "smtp"}, func(a map[string]any) string {
		return compactJSON(a["esvs"])
	})
	if err != nil {
		return err
	}
	if err := t.check(len(list(secrets, "esvs")) == 1 && !strings.Contains(compactJSON(secrets), "value"), "nobody is told its value"); err != nil {
		return err
	}
	if _, err := t.succeed(ctx, "deleteVariable", map[string]any{"variableId": id}, func(a map[string]any) string { return fmt.Sprintf("deleted %v", a["deletedId"]) }); err != nil {
		return err
	}
	status, _, err := t.look(ctx, "/environment/variables/"+id)
	if err != nil {
		return err
	}
	return t.check(status == http.StatusNotFound, "the tenant answers %d for that variable", status)
}

// trace asks the logs why a call failed.
func (t *tour) trace(ctx context.Context) error {
	answer, _, err := t.call(ctx, "createManagedObject", map[string]any{"objectType": people, "objectData": map[string]any{
		"userName": "nomail", "givenName": "No", "sn": "Mail",
	}}, func(map[string]any) string { return "went through" })
	if err != nil {
		return err
	}
	transaction := object(answer, "error")["transactionId"]
	found, err := t.succeed(ctx, "queryLogs", map[string]any{"sources": []any{"idm-activity", "idm-access"}, "transactionId": transaction}, func(a map[string]any) string {
		var events []string
		for _, entry := range list(a, "entries") {
			events = append(events, line(object(entry.(map[string]any), "payload")))
		}
		return strings.Join(events, "\n    ")
	})
	if err != nil {
		return err
	}
	entries := list(found, "entries")
	if len(entries) == 0 {
		return fmt.Errorf("step %d: the logs know nothing of the transaction %v", t.step, transaction)
	}
	event := object(entries[0].(map[string]any), "payload")
	return t.check(event["status"] == "FAILURE" && strings.Contains(compactJSON(event["detail"]), `"REQUIRED"`), "the log says what was missing")
}

// line is an event of the logs in short.
func line(event map[string]any) string {
	if request := object(object(event, "http"), "request"); len(request) > 0 {
		response := object(event, "response")
		return fmt.Sprintf("%v: %v %v, %v", event["eventName"], request["method"], request["path"], response["statusCode"])
	}
	return fmt.Sprintf("%v: %v %v, %v %s", event["eventName"], event["operation"], event["objectId"], event["status"], compactJSON(event["detail"]))
}
