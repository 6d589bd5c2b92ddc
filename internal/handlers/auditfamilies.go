package handlers

import (
	"slices"
	"strings"

	"sealdesk/internal/i18n"
)

// sayable are the actions that have a sentence, in order.
func sayable() []string {
	var actions []string
	for _, key := range i18n.Keys(i18n.Chinese) {
		if action, ok := strings.CutPrefix(key, auditSayKey); ok {
			actions = append(actions, action)
		}
	}
	slices.Sort(actions)
	return actions
}

// actionFamily is a group of actions that one asks for together.
type actionFamily struct {
	name string
	has  func(action string) bool
}

// families are the groups, in the order in which they are offered; each action belongs to the first that has it.
func families() []actionFamily {
	starts := func(prefixes ...string) func(string) bool {
		return func(action string) bool {
			return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(action, p) })
		}
	}
	contains := func(parts ...string) func(string) bool {
		return func(action string) bool {
			return strings.HasPrefix(action, callAction) && slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(action, p) })
		}
	}
	either := func(a, b func(string) bool) func(string) bool {
		return func(action string) bool { return a(action) || b(action) }
	}
	return []actionFamily{
		{"read", either(starts("contract.read", "contract.download", "file.download", "flow.copy_link", "flow.export"),
			func(action string) bool {
				return strings.HasSuffix(action, ".read") || strings.HasSuffix(action, ".view")
			})},
		{"identity", either(starts("check."), contains("Check", "FaceId"))},
		{"right", starts("account.", "user.assign", "user.unassign", "user.register", "settings.", "setup.")},
		{"seal", either(starts("seal."), contains("Seal"))},
		{"flow", either(starts("flow.", "contract.", "code."), contains("Flow", "Sign", "Catalog"))},
		{"draft", starts("draft.", "template.", "bulk.", "catalog.")},
		{"session", starts("session.", "access.", "request.refused")},
		{"directory", either(starts("organization.", "user.", "import."), contains("Organization", "User"))},
		{"file", either(starts("file."), contains("File"))},
		{"log", func(string) bool { return true }},
	}
}

// familyOf is the name of the group that an action belongs to.
func familyOf(action string) string {
	for _, f := range families() {
		if f.has(action) {
			return f.name
		}
	}
	return ""
}

// sealUses are what else happened to seals: a signature names those that it was made with.
var sealUses = []string{"flow.signed"}

// sealRights are rights as well as part of what happened to seals.
var sealRights = []string{"seal.grant", "seal.withdraw", "seal.state"}

// actionsOf are the actions of a group; none for an unknown one.
func actionsOf(name string) []string {
	return slices.DeleteFunc(sayable(), func(action string) bool {
		return familyOf(action) != name && (name != "right" || !slices.Contains(sealRights, action)) && (name != "seal" || !slices.Contains(sealUses, action))
	})
}
