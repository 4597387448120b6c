package cases

import (
	"net/http"

	c "aicmcp/conformance"
)

// op is one operation of a patch; a nil value is left out.
func op(name, field string, value any) object {
	operation := object{"operation": name, "field": field}
	if value != nil {
		operation["value"] = value
	}
	return operation
}

func from(name, source, field string) object {
	return object{"operation": name, "from": source, "field": field}
}

// patched checks what operations make of an object: in the answer, with a new
// revision, and in what is stored.
func patched(t *c.T, before object, operations []object, after object) {
	id, created := create(t, open(t), before)
	res := t.Patch(at(open(t), id), operations, c.IfMatch(created.Text("_rev")))
	t.Status(http.StatusOK, res)
	t.Equal("object", after, content(res.Body))
	t.Differs("revision", created.At("_rev"), res.At("_rev"))
	t.Equal("ETag", `"`+res.Text("_rev")+`"`, res.Header.Get("ETag"))
	kept := read(t, at(open(t), id))
	t.Equal("object stored", after, content(kept.Body))
	t.Equal("revision stored", res.At("_rev"), kept.At("_rev"))
}

// patchedIdle checks that operations are accepted and change nothing.
func patchedIdle(t *c.T, before object, operations ...object) {
	id, unchanged := stored(t, open(t), before)
	t.Status(http.StatusOK, t.Patch(at(open(t), id), operations))
	checkUnchanged(t, at(open(t), id), unchanged)
}

// notPatched checks that operations are refused as a whole.
func notPatched(t *c.T, before object, operations any, status int) *c.Response {
	id, unchanged := stored(t, open(t), before)
	res := t.Patch(at(open(t), id), operations)
	checkError(t, res, status)
	checkUnchanged(t, at(open(t), id), unchanged)
	return res
}

var patching = []c.Case{
	{
		ID:    "managed/patch/add-replace-remove",
		Title: "add, replace and remove change their fields, in order, in one write",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			patched(t, object{"a": 1, "b": "x", "c": true},
				[]object{op("add", "/d", "new"), op("replace", "/b", "y"), op("remove", "/c", nil), op("replace", "/d", "newer")},
				object{"a": 1, "b": "y", "d": "newer"})
		},
	}, {
		ID:    "managed/patch/without-slash",
		Title: "a field may be named without its leading slash",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			patched(t, object{"a": object{"b": 1}}, []object{op("replace", "a/b", 2)}, object{"a": object{"b": 2}})
		},
	}, {
		ID:    "managed/patch/nested",
		Title: "add makes the objects on the way to its field",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			patched(t, object{"a": 1}, []object{op("add", "/p/q/r", "deep")}, object{"a": 1, "p": object{"q": object{"r": "deep"}}})
		},
	}, {
		ID:    "managed/patch/append",
		Title: "add to /field/- appends to a list",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			patched(t, object{"list": []any{"x"}}, []object{op("add", "/list/-", "y"), op("add", "/list/-", "z")},
				object{"list": []any{"x", "y", "z"}})
		},
	}, {
		ID:    "managed/patch/remove-value",
		Title: "remove with a value takes the equal elements out of a list",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			patched(t, object{"list": []any{"x", "y", "x", 1}}, []object{op("remove", "/list", "x")}, object{"list": []any{"y", 1}})
		},
	}, {
		ID:    "managed/patch/remove-unequal",
		Title: "remove with a value leaves a field of another value alone",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refAncestor, Writes: true,
		Run: func(t *c.T) {
			patchedIdle(t, object{"a": "x", "n": 1}, op("remove", "/a", "y"), op("remove", "/n", "1"))
		},
	}, {
		ID:    "managed/patch/remove-absent",
		Title: "remove of a field that is not there is no error",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refAncestor, Writes: true,
		Run: func(t *c.T) { patchedIdle(t, object{"a": 1}, op("remove", "/b", nil), op("remove", "/c/d", nil)) },
	}, {
		ID:    "managed/patch/replace-absent",
		Title: "replace of a field that is not there makes it",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			patched(t, object{"a": 1}, []object{op("replace", "/b", "new")}, object{"a": 1, "b": "new"})
		},
	}, {
		ID:    "managed/patch/add-whole-list",
		Title: "add of a list to a field sets the field to it",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refAncestor, Writes: true,
		Run: func(t *c.T) {
			patched(t, object{"list": []any{"x"}}, []object{op("add", "/list", []any{"y", "z"})}, object{"list": []any{"y", "z"}})
		},
	}, {
		ID:    "managed/patch/increment",
		Title: "increment adds to a number, a negative one too",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			patched(t, object{"n": 5, "m": 5}, []object{op("increment", "/n", 3), op("increment", "/m", -7)}, object{"n": 8, "m": -2})
		},
	}, {
		ID:    "managed/patch/increment-text",
		Title: "increment of what is no number is 400",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refBadPatch, Writes: true,
		Run: func(t *c.T) {
			notPatched(t, object{"n": "5"}, []object{op("increment", "/n", 1)}, http.StatusBadRequest)
		},
	}, {
		ID:    "managed/patch/copy",
		Title: "copy sets a field to another one's value",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			patched(t, object{"a": object{"k": "v"}}, []object{from("copy", "/a", "/b")}, object{"a": object{"k": "v"}, "b": object{"k": "v"}})
		},
	}, {
		ID:    "managed/patch/move",
		Title: "move takes a value from one field to another",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			patched(t, object{"a": "v", "c": 1}, []object{from("move", "/a", "/b")}, object{"b": "v", "c": 1})
		},
	}, {
		ID:    "managed/patch/exact-number",
		Title: "a number of 2^53+1 is patched in digit by digit",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refExact, Writes: true,
		Run: func(t *c.T) {
			patched(t, object{"n": 1}, []object{op("replace", "/n", int64(9007199254740993))}, object{"n": int64(9007199254740993)})
		},
	}, {
		ID:    "managed/patch/no-change",
		Title: "a patch that changes nothing keeps the revision and says X-Not-Modified",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUnchanged, Writes: true,
		Run: func(t *c.T) {
			role := newRole(t)
			id, created := create(t, roles, role)
			res := t.Patch(at(roles, id), []object{op("replace", "/description", role["description"])})
			t.Status(http.StatusOK, res)
			t.Equal("revision", created.At("_rev"), res.At("_rev"))
			t.Equal("X-Not-Modified", "true", res.Header.Get("X-Not-Modified"))
		},
	}, {
		ID:    "managed/patch/unknown-operation",
		Title: "an operation that does not exist is 400",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refBadPatch, Writes: true,
		Run: func(t *c.T) {
			notPatched(t, object{"a": 1}, []object{op("mangle", "/a", 2)}, http.StatusBadRequest)
		},
	}, {
		ID:    "managed/patch/json-patch",
		Title: "the member names of RFC 6902 are not understood: 400",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refBadPatch, Writes: true,
		Run: func(t *c.T) {
			notPatched(t, object{"a": 1}, []object{{"op": "replace", "path": "/a", "value": 2}}, http.StatusBadRequest)
		},
	}, {
		ID:    "managed/patch/null-value",
		Title: "replace by null is 400",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: "live-verified on tenants: replace by null is an invalid patch, 400, before any policy", Writes: true,
		Run: func(t *c.T) {
			notPatched(t, object{"a": 1}, []object{{"operation": "replace", "field": "/a", "value": nil}}, http.StatusBadRequest)
		},
	}, {
		ID:    "managed/patch/no-list",
		Title: "a body that is no list of operations is 400",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refBadPatch, Writes: true,
		Run: func(t *c.T) {
			notPatched(t, object{"a": 1}, op("replace", "/a", 2), http.StatusBadRequest)
		},
	}, {
		ID:    "managed/patch/position",
		Title: "an element of a list cannot be addressed by its position: 400",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: "IDM, \"Patch a resource\": lists are not patched by index", Writes: true,
		Run: func(t *c.T) {
			notPatched(t, object{"list": []any{"x", "y"}}, []object{op("replace", "/list/0", "z")}, http.StatusBadRequest)
		},
	}, {
		ID:    "managed/patch/position-message",
		Title: "who addresses an element by its position is told that this is the mistake",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refAncestor, Writes: true,
		Run: func(t *c.T) {
			res := notPatched(t, object{"list": []any{"x", "y"}}, []object{op("replace", "/list/0", "z")}, http.StatusBadRequest)
			t.Contains("message", "Position-based operation is not allowed", res.Text("message"))
		},
	}, {
		ID:    "managed/patch/atomic",
		Title: "when one operation fails none takes effect",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			notPatched(t, object{"a": 1}, []object{op("replace", "/a", 2), op("increment", "/absent", 1)}, http.StatusBadRequest)
		},
	}, {
		ID:    "managed/patch/stale",
		Title: "PATCH with a revision that is not current is 412 and changes nothing",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refStale, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, open(t), object{"a": 1})
			t.Status(http.StatusOK, t.Patch(at(open(t), id), []object{op("replace", "/a", 2)}, c.IfMatch(created.Text("_rev"))))
			second := read(t, at(open(t), id))
			res := t.Patch(at(open(t), id), []object{op("replace", "/a", 3)}, c.IfMatch(created.Text("_rev")))
			checkError(t, res, http.StatusPreconditionFailed)
			checkUnchanged(t, at(open(t), id), second)
		},
	}, {
		ID:    "managed/patch/any-revision",
		Title: "PATCH with If-Match: * takes whatever revision is there",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refStale, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, open(t), object{"a": 1})
			t.Status(http.StatusOK, t.Patch(at(open(t), id), []object{op("replace", "/a", 2)}, c.Header("If-Match", "*")))
			t.Equal("a", 2, read(t, at(open(t), id)).At("a"))
		},
	}, {
		ID:    "managed/patch/missing",
		Title: "PATCH of an object that is not there is 404 and creates nothing",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, roles, newRole(t))
			path := at(roles, id)
			t.Status(http.StatusOK, t.Delete(path))
			checkError(t, t.Patch(path, []object{op("replace", "/description", "a")}), http.StatusNotFound)
			checkError(t, t.Get(path), http.StatusNotFound)
		},
	}, {
		ID:    "managed/patch/required-removed",
		Title: "removing a required property is 403 REQUIRED",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicy, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, users, newUser(t))
			res := t.Patch(at(users, id), []object{op("remove", "/mail", nil)})
			checkPolicy(t, res, patchRefused, "mail", "REQUIRED", nil)
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "managed/patch/duplicate-username",
		Title: "PATCH to a user name that is taken fails the policy VALID_USERNAME",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refUnique, Writes: true,
		Run: func(t *c.T) {
			first := newUser(t)
			create(t, users, first)
			id, before := stored(t, users, newUser(t))
			res := t.Patch(at(users, id), []object{op("replace", "/userName", first["userName"])})
			checkPolicy(t, res, patchRefused, "userName", "VALID_USERNAME", nil)
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "managed/patch/wrong-type",
		Title: "an object in the place of a list is 403 VALID_TYPE with the types",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicy, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, users, newUser(t))
			res := t.Patch(at(users, id), []object{op("add", "/frIndexedMultivalued1", object{"a": 1})})
			checkPolicy(t, res, patchRefused, "frIndexedMultivalued1", "VALID_TYPE",
				object{"invalidType": "object", "validTypes": []string{"array"}})
			checkUnchanged(t, at(users, id), before)
		},
	},
}
