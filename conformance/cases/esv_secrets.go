package cases

import (
	"net/http"
	"strings"

	c "aicmcp/conformance"
)

const noSecret = "The secret does not exist or does not have a version"

// esvSecrets are the cases about single secrets.
var esvSecrets = []c.Case{
	{
		ID:    "esv/secrets/create",
		Title: "PUT of a new secret is 200 with the secret, in its first version and not loaded",
		Level: c.Must, Needs: esvsNeeded, Ref: refSecret, Writes: true,
		Run: func(t *c.T) {
			id, body := newESV(t, "secret"), newSecret(t, "generic", freshValue(t))
			res := putESV(t, secrets, id, body)
			t.Equal("secret", object{
				"_id": id, "description": body["description"], "encoding": "generic", "useInPlaceholders": true,
				"activeVersion": "1", "loadedVersion": "", "loaded": false,
			}, without(res.Body, "lastChangeDate", "lastChangedBy"))
			checkChange(t, res.Body)
			after := readESV(t, secrets, id)
			t.Equal("secret read", without(res.Body, "lastChangeDate"), without(after.Body, "lastChangeDate"))
			checkChange(t, after.Body)
		},
	}, {
		ID:    "esv/secrets/create-only",
		Title: "a second PUT of a secret is refused with 400, and changes nothing",
		Level: c.Must, Needs: esvsNeeded, Ref: refSecretErrors, Writes: true,
		Run: func(t *c.T) {
			id, value := newESV(t, "secret"), freshValue(t)
			putESV(t, secrets, id, newSecret(t, "generic", value))
			before := readESV(t, secrets, id)
			for _, again := range []string{value, freshValue(t)} {
				checkESVError(t, put(t, secrets, id, newSecret(t, "generic", again)), http.StatusBadRequest, "Failed to create secret, the secret already exists")
			}
			checkESVUnchanged(t, secrets, before)
			t.Equal("number of versions", 1, len(versionsOf(t, id)))
		},
	}, {
		ID:    "esv/secrets/use-missing",
		Title: "a secret that does not say whether placeholders use it is refused",
		Level: c.Must, Needs: esvsNeeded, Ref: refSecretVerified, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "secret")
			res := put(t, secrets, id, without(newSecret(t, "generic", freshValue(t)), "useInPlaceholders"))
			t.Status(http.StatusBadRequest, res)
			t.Contains("message", `property "useInPlaceholders" is missing`, res.Text("message"))
			checkESVError(t, t.Get(at(secrets, id)), http.StatusNotFound, noSecret)
		},
	}, {
		ID:    "esv/secrets/encoding-unknown",
		Title: "an encoding that is none is refused with 422 and the code 606",
		Level: c.Must, Needs: esvsNeeded, Ref: refSecretErrors, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "secret")
			res := put(t, secrets, id, newSecret(t, "unknown", freshValue(t)))
			t.Status(http.StatusUnprocessableEntity, res)
			t.Equal("refusal", object{"code": 606, "message": "encoding in body should be one of [generic pem base64hmac]"}, res.Body)
			checkESVError(t, t.Get(at(secrets, id)), http.StatusNotFound, noSecret)
		},
	}, {
		ID:    "esv/secrets/encodings",
		Title: "secrets are plain, PEM, or keys in base64",
		Level: c.Must, Needs: esvsNeeded, Ref: refSecret, Writes: true,
		Run: func(t *c.T) {
			for encoding, value := range map[string]string{"generic": freshValue(t), "pem": certificate(t), "base64hmac": inBase64(freshValue(t))} {
				id := newESV(t, "secret")
				t.Equal("encoding", encoding, putESV(t, secrets, id, newSecret(t, encoding, value)).At("encoding"))
				t.Equal("encoding read", encoding, readESV(t, secrets, id).At("encoding"))
			}
		},
	}, {
		ID:    "esv/secrets/encoding-aes",
		Title: "secrets are AES keys in base64, too",
		Level: c.Should, Needs: esvsNeeded, Ref: "documented: the encoding base64aes, which a recorded refusal does not list", Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "secret")
			t.Equal("encoding", "base64aes", putESV(t, secrets, id, newSecret(t, "base64aes", inBase64(strings.Repeat("k", 32)))).At("encoding"))
		},
	}, {
		ID:    "esv/secrets/misfit",
		Title: "a value that does not have the encoding is refused with 500",
		Level: c.Must, Needs: esvsNeeded, Ref: refSecretVerified, Writes: true,
		Run: func(t *c.T) {
			for _, encoding := range []string{"pem", "base64hmac"} {
				id := newESV(t, "secret")
				checkESVError(t, put(t, secrets, id, newSecret(t, encoding, "%"+freshValue(t))), http.StatusInternalServerError, "Failed to create secret")
				checkESVError(t, t.Get(at(secrets, id)), http.StatusNotFound, noSecret)
			}
		},
	}, {
		ID:    "esv/secrets/hidden",
		Title: "no answer tells the value of a secret, whatever is done to it",
		Level: c.Must, Needs: esvsNeeded, Ref: refSecretHidden, Writes: true,
		Run: func(t *c.T) {
			id, values := newESV(t, "secret"), []string{freshValue(t), freshValue(t)}
			for _, res := range lifeOfSecret(t, id, values) {
				what := res.Method + " with the status " + http.StatusText(res.Status)
				t.True(what+" does not name the value", !strings.Contains(string(res.Raw), "valueBase64"))
				for _, value := range values {
					t.True(what+" does not have the value", !strings.Contains(string(res.Raw), value) && !strings.Contains(string(res.Raw), inBase64(value)))
				}
			}
		},
	}, {
		ID:    "esv/secrets/loaded-at-once",
		Title: "a secret that no placeholder uses is loaded at once, and so are its later versions",
		Level: c.Must, Needs: esvsNeeded, Ref: refSecretLoaded, Writes: true,
		Run: func(t *c.T) {
			id, body := newESV(t, "secret"), newSecret(t, "generic", freshValue(t))
			body["useInPlaceholders"] = false
			loaded := object{"useInPlaceholders": false, "loaded": true, "activeVersion": "1", "loadedVersion": "1"}
			checkHolds(t, "the secret", loaded, putESV(t, secrets, id, body).Body)
			checkHolds(t, "the secret read", loaded, readESV(t, secrets, id).Body)
			addVersion(t, id)
			checkHolds(t, "the secret with two versions", object{"loaded": true, "activeVersion": "2", "loadedVersion": "2"}, readESV(t, secrets, id).Body)
		},
	}, {
		ID:    "esv/secrets/description",
		Title: "setDescription is 200 with an empty answer, and changes the description only",
		Level: c.Must, Needs: esvsNeeded, Ref: refDescription, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "secret")
			putESV(t, secrets, id, newSecret(t, "generic", freshValue(t)))
			checkDescribed(t, secrets, id)
		},
	}, {
		ID:    "esv/secrets/delete",
		Title: "DELETE is 200 with the secret as it was, which is gone with all its versions",
		Level: c.Must, Needs: esvsNeeded, Ref: refSecret, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "secret")
			putESV(t, secrets, id, newSecret(t, "generic", freshValue(t)))
			addVersion(t, id)
			before := readESV(t, secrets, id)
			res := t.Delete(at(secrets, id))
			t.Status(http.StatusOK, res)
			t.Equal("secret", without(before.Body, "lastChangeDate"), without(res.Body, "lastChangeDate"))
			checkESVError(t, t.Get(at(secrets, id)), http.StatusNotFound, noSecret)
			checkESVError(t, t.Get(versionPath(id, "")), http.StatusNotFound, noSecret)
			putESV(t, secrets, id, newSecret(t, "generic", freshValue(t)))
			t.Equal("number of versions of a new one", 1, len(versionsOf(t, id)))
		},
	}, {
		ID:    "esv/secrets/missing",
		Title: "a secret that is not there is 404 to read and to delete",
		Level: c.Must, Needs: esvsNeeded, Ref: refSecretErrors, Writes: true,
		Run: func(t *c.T) {
			path := at(secrets, newESV(t, "none"))
			for _, res := range []*c.Response{t.Get(path), t.Get(path + "/versions"), t.Delete(path)} {
				checkESVError(t, res, http.StatusNotFound, noSecret)
			}
		},
	}, {
		ID:    "esv/secrets/names",
		Title: "the names of secrets follow the rule of those of variables",
		Level: c.Should, Needs: esvsNeeded, Ref: "inferred from the refusal of variables' names, which was seen on tenants",
		Run: func(t *c.T) {
			for _, name := range []string{"conformance", "esv-Upper", "esv-" + strings.Repeat("x", 125)} {
				res := t.Get(at(secrets, name))
				t.Status(http.StatusBadRequest, res)
				t.Contains("message", noSuchName, res.Text("message"))
			}
			checkESVError(t, t.Get(at(secrets, newESV(t, "0_-"))), http.StatusNotFound, noSecret)
		},
	}, {
		ID:    "esv/secrets/in-use",
		Title: "a secret that a placeholder in the configuration refers to cannot be deleted",
		Level: c.Should, Needs: []c.Feature{c.ESVs, c.Config}, Ref: "inferred from variables, for which it is documented", Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "secret")
			putESV(t, secrets, id, newSecret(t, "generic", freshValue(t)))
			before := readESV(t, secrets, id)
			useInTemplate(t, id)
			res := t.Delete(at(secrets, id))
			t.True("the deletion is refused", res.Status >= 400 && res.Status < 500)
			checkESVUnchanged(t, secrets, before)
		},
	},
}

// lifeOfSecret does all that can be done to a secret with two versions, and
// returns the answers, which are what they should be in all but the value.
func lifeOfSecret(t *c.T, id string, values []string) []*c.Response {
	var answers []*c.Response
	does := func(status int, res *c.Response) {
		t.Status(status, res)
		answers = append(answers, res)
	}
	does(http.StatusOK, putESV(t, secrets, id, newSecret(t, "generic", values[0])))
	does(http.StatusOK, t.Post(versionPath(id, ""), object{"valueBase64": inBase64(values[1])}, actionCreate))
	does(http.StatusBadRequest, put(t, secrets, id, newSecret(t, "generic", values[0])))
	does(http.StatusOK, readESV(t, secrets, id))
	list := query(t, secrets, `/_id co "`+id+`"`)
	t.Equal("names listed", []string{id}, column(list, "_id"))
	does(http.StatusOK, list)
	does(http.StatusOK, t.Get(versionPath(id, "")))
	does(http.StatusOK, t.Get(versionPath(id, "1")))
	does(http.StatusOK, setStatus(t, id, "1", "DISABLED"))
	does(http.StatusOK, t.Delete(versionPath(id, "1")))
	does(http.StatusOK, t.Delete(at(secrets, id)))
	return answers
}
