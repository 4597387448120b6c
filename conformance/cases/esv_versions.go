package cases

import (
	"net/http"

	c "aicmcp/conformance"
)

const noVersion = "Failed to get secret version"

// esvVersions are the cases about the versions of secrets.
var esvVersions = []c.Case{
	{
		ID:    "esv/versions/create",
		Title: "a new version is 200 with the version, which is enabled and the secret's active one",
		Level: c.Must, Needs: esvsNeeded, Ref: refVersions, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "secret")
			putESV(t, secrets, id, newSecret(t, "generic", freshValue(t)))
			made := addVersion(t, id)
			t.Equal("version", object{"version": "2", "status": "ENABLED", "loaded": false}, without(made.Body, "createDate"))
			checkInstant(t, "createDate", made.Text("createDate"))
			checkHolds(t, "the secret", object{"activeVersion": "2", "loadedVersion": "", "loaded": false}, readESV(t, secrets, id).Body)
		},
	}, {
		ID:    "esv/versions/list",
		Title: "the versions are a bare array, the newest first, without _id",
		Level: c.Must, Needs: esvsNeeded, Ref: refVersions, Writes: true,
		Run: func(t *c.T) {
			id := threeVersions(t)
			res := t.Get(versionPath(id, ""))
			t.Status(http.StatusOK, res)
			t.Equal("versions", []string{"3", "2", "1"}, numbersOf(c.List(res.Body)))
			for _, version := range c.List(res.Body) {
				t.Equal("version", object{"version": c.At(version, "version"), "status": "ENABLED", "loaded": false}, without(version, "createDate"))
				checkInstant(t, "createDate", c.Text(version, "createDate"))
			}
		},
	}, {
		ID:    "esv/versions/read",
		Title: "a version is read by its number, as the list has it",
		Level: c.Must, Needs: esvsNeeded, Ref: refVersions, Writes: true,
		Run: func(t *c.T) {
			id := threeVersions(t)
			list := versionsOf(t, id)
			t.Equal("number of versions", 3, len(list))
			for _, version := range list {
				t.Equal("version", version, readVersion(t, id, c.Text(version, "version")).Body)
			}
		},
	}, {
		ID:    "esv/versions/missing",
		Title: "a version, or one of a secret, that is not there is 404",
		Level: c.Must, Needs: esvsNeeded, Ref: refVersionErrors, Writes: true,
		Run: func(t *c.T) {
			id, none := newESV(t, "secret"), newESV(t, "none")
			putESV(t, secrets, id, newSecret(t, "generic", freshValue(t)))
			checkESVError(t, t.Get(versionPath(id, "2")), http.StatusNotFound, noVersion)
			checkESVError(t, t.Get(versionPath(none, "1")), http.StatusNotFound, noVersion)
			checkESVError(t, t.Get(versionPath(none, "")), http.StatusNotFound, noSecret)
			checkESVError(t, setStatus(t, none, "1", "DISABLED"), http.StatusNotFound, noSecret)
			res := t.Post(versionPath(none, ""), object{"valueBase64": inBase64(freshValue(t))}, actionCreate)
			checkESVError(t, res, http.StatusNotFound, "Failed to create secret version")
		},
	}, {
		ID:    "esv/versions/misfit",
		Title: "a version whose value does not have the secret's encoding is refused",
		Level: c.Should, Needs: esvsNeeded, Ref: "inferred from the refusal of such a secret", Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "secret")
			putESV(t, secrets, id, newSecret(t, "pem", certificate(t)))
			res := t.Post(versionPath(id, ""), object{"valueBase64": inBase64(freshValue(t))}, actionCreate)
			t.True("the version is refused", res.Status >= 400)
			t.Equal("versions", []string{"1"}, numbersOf(versionsOf(t, id)))
		},
	}, {
		ID:    "esv/versions/disable",
		Title: "a version that is not the newest can be disabled, and enabled again",
		Level: c.Must, Needs: esvsNeeded, Ref: refVersions, Writes: true,
		Run: func(t *c.T) {
			id := threeVersions(t)
			for _, status := range []string{"DISABLED", "ENABLED"} {
				res := setStatus(t, id, "2", status)
				t.Status(http.StatusOK, res)
				t.Equal("version", with(readVersion(t, id, "2").Body, "status", status), res.Body)
				t.Equal("statuses", []string{"ENABLED", status, "ENABLED"}, statusesOf(versionsOf(t, id)))
			}
		},
	}, {
		ID:    "esv/versions/disable-latest",
		Title: "the newest version cannot be disabled",
		Level: c.Must, Needs: esvsNeeded, Ref: refVersionErrors, Writes: true,
		Run: func(t *c.T) {
			id := threeVersions(t)
			checkESVError(t, setStatus(t, id, "3", "DISABLED"), http.StatusBadRequest, "Cannot disable latest secret version")
			t.Equal("statuses", []string{"ENABLED", "ENABLED", "ENABLED"}, statusesOf(versionsOf(t, id)))
		},
	}, {
		ID:    "esv/versions/status-destroyed",
		Title: "a version is not destroyed by a change of its status",
		Level: c.Must, Needs: esvsNeeded, Ref: "live-verified on tenants: changestatus takes ENABLED and DISABLED", Writes: true,
		Run: func(t *c.T) {
			id := threeVersions(t)
			res := setStatus(t, id, "1", "DESTROYED")
			t.True("the status is refused", res.Status >= 400 && res.Status < 500)
			t.Equal("statuses", []string{"ENABLED", "ENABLED", "ENABLED"}, statusesOf(versionsOf(t, id)))
		},
	}, {
		ID:    "esv/versions/destroy",
		Title: "DELETE of a version is 200 with the version, which stays listed as destroyed",
		Level: c.Must, Needs: esvsNeeded, Ref: refVersions, Writes: true,
		Run: func(t *c.T) {
			id := threeVersions(t)
			before := readVersion(t, id, "1")
			res := t.Delete(versionPath(id, "1"))
			t.Status(http.StatusOK, res)
			t.Equal("version", with(before.Body, "status", "DESTROYED"), res.Body)
			t.Equal("statuses", []string{"ENABLED", "ENABLED", "DESTROYED"}, statusesOf(versionsOf(t, id)))
			t.Equal("activeVersion", "3", readESV(t, secrets, id).At("activeVersion"))
			addVersion(t, id)
			t.Equal("versions after another was made", []string{"4", "3", "2", "1"}, numbersOf(versionsOf(t, id)))
		},
	}, {
		ID:    "esv/versions/destroy-latest",
		Title: "the newest version cannot be deleted",
		Level: c.Should, Needs: esvsNeeded, Ref: "inferred: the refusal was recorded, without what was wrong with the version", Writes: true,
		Run: func(t *c.T) {
			id := threeVersions(t)
			checkESVError(t, t.Delete(versionPath(id, "3")), http.StatusInternalServerError, "Failed to delete secret version")
			t.Equal("statuses", []string{"ENABLED", "ENABLED", "ENABLED"}, statusesOf(versionsOf(t, id)))
		},
	},
}

// versionPath is the address of a version of a secret, or of all.
func versionPath(id, version string) string {
	if version == "" {
		return at(secrets, id) + "/versions"
	}
	return at(secrets, id) + "/versions/" + version
}

// addVersion makes a version of a secret with a value of its own.
func addVersion(t *c.T, id string) *c.Response {
	res := t.Post(versionPath(id, ""), object{"valueBase64": inBase64(freshValue(t))}, actionCreate)
	t.Status(http.StatusOK, res)
	if res.Text("version") == "" {
		t.Fatalf("the answer is no version: %s", res.Raw)
	}
	return res
}

// threeVersions makes a secret that has them.
func threeVersions(t *c.T) (id string) {
	id = newESV(t, "secret")
	putESV(t, secrets, id, newSecret(t, "generic", freshValue(t)))
	addVersion(t, id)
	addVersion(t, id)
	return id
}

func setStatus(t *c.T, id, version, status string) *c.Response {
	return t.Post(versionPath(id, version), object{"status": status}, c.Query("_action", "changestatus"))
}

func readVersion(t *c.T, id, version string) *c.Response {
	res := t.Get(versionPath(id, version))
	t.Status(http.StatusOK, res)
	t.Equal("version read", version, res.At("version"))
	return res
}

// versionsOf lists the versions of a secret.
func versionsOf(t *c.T, id string) []any {
	res := t.Get(versionPath(id, ""))
	t.Status(http.StatusOK, res)
	return c.List(res.Body)
}

func numbersOf(versions []any) []any  { return membersOf(versions, "version") }
func statusesOf(versions []any) []any { return membersOf(versions, "status") }

func membersOf(list []any, member string) []any {
	values := []any{}
	for _, one := range list {
		values = append(values, c.At(one, member))
	}
	return values
}
