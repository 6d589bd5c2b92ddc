package pdf

import "slices"

// signerKey names, in a field that Prepare made, the signer whose act alone may fill it.
const signerKey name = "SealdeskSigner"

// Levels of permission of a certifying signature (ISO 32000-1, table 254).
const (
	certifiedNothing = 1 // no changes at all
	certifiedFilling = 2 // filling and signing, as without a certification here
)

// enforceLocks takes back what was permitted but that the signature itself, or one before it, forbids.
func (c *comparison) enforceLocks(s *SignatureReport) {
	locked := func(string) bool { return false }
	for _, num := range s.fields {
		if node := c.oldForm[num]; node != nil {
			locked = either(locked, c.locks(node))
		}
	}
	nothing := c.old.permission(s.value) == certifiedNothing
	for i := range c.changes {
		change := &c.changes[i]
		switch change.Code {
		case ChangeFilled, ChangeSigned:
			if nothing || locked(change.Field) {
				change.Code, change.Permitted = ChangeLocked, false
			}
		case ChangeMetadata, ChangeVersion:
			change.Permitted = !nothing
		}
	}
}

func either(a, b func(string) bool) func(string) bool {
	return func(field string) bool { return a(field) || b(field) }
}

// permission is the level of a certifying signature; 0 of one that certifies nothing.
func (f *file) permission(signature dict) int {
	for _, o := range f.array(signature["Reference"]) {
		reference := f.dict(o)
		if f.get(reference["TransformMethod"]) != name("DocMDP") {
			continue
		}
		if p, ok := asInt(f.get(f.dict(reference["TransformParams"])["P"])); ok {
			return p
		}
		return certifiedFilling
	}
	return 0
}

// locks tells which fields a signed field locks: by its own /Lock, or by the transform in its signature.
func (c *comparison) locks(field *formNode) func(string) bool {
	out := c.old.locker(c.old.dict(field.dict["Lock"]))
	for _, o := range c.old.array(c.old.dict(field.value)["Reference"]) {
		reference := c.old.dict(o)
		if c.old.get(reference["TransformMethod"]) == name("FieldMDP") {
			out = either(out, c.old.locker(c.old.dict(reference["TransformParams"])))
		}
	}
	return out
}

// locker reads one lock: all fields, those listed, or all but those listed. A name stands for what is below it, too.
func (f *file) locker(lock dict) func(string) bool {
	var names []string
	for _, o := range f.array(lock["Fields"]) {
		if v, ok := f.get(o).(str); ok {
			names = append(names, decodeText(v))
		}
	}
	listed := func(field string) bool {
		return slices.ContainsFunc(names, func(n string) bool {
			return field == n || len(field) > len(n) && field[:len(n)] == n && field[len(n)] == '.'
		})
	}
	switch f.get(lock["Action"]) {
	case name("All"):
		return func(string) bool { return true }
	case name("Include"):
		return listed
	case name("Exclude"):
		return func(field string) bool { return !listed(field) }
	}
	return func(string) bool { return false }
}
