package pdf

// formNode is a node of the form's hierarchy that is an object of its own: a field, a widget, or both in one.
type formNode struct {
	num      int
	terminal int // number of the field that it is, or is a widget of
	top      bool
	dict     dict
	kind     object // /FT, its own or inherited
	flags    int    // /Ff, its own or inherited
	value    object // /V, its own or inherited
	name     string // full
}

// formNodes walks the form, once through each object.
func (f *file) formNodes() map[int]*formNode {
	out := map[int]*formNode{}
	var walk func(o object, from formNode, depth int)
	walk = func(o object, from formNode, depth int) {
		r, _ := o.(ref)
		d, ok := f.get(o).(dict)
		if !ok || depth > maxDepth || len(out) > maxFields || out[r.num] != nil {
			return
		}
		node := from
		node.num, node.dict = r.num, d
		if t, ok := f.get(d["T"]).(str); ok || node.terminal == 0 {
			if node.terminal = r.num; node.name != "" {
				node.name += "."
			}
			node.name += decodeText(t)
		}
		if v := f.get(d["FT"]); v != nil {
			node.kind = v
		}
		if v, ok := asInt(f.get(d["Ff"])); ok {
			node.flags = v
		}
		if v := d["V"]; v != nil {
			node.value = v
		}
		if r.num != 0 {
			out[r.num] = &node
		}
		below := node
		below.top = false
		for _, kid := range f.array(d["Kids"]) {
			walk(kid, below, depth+1)
		}
	}
	for _, field := range f.array(f.dict(f.catalog()["AcroForm"])["Fields"]) {
		walk(field, formNode{top: true}, 0)
	}
	return out
}

// widgetsOf lists the nodes of a terminal field that are shown: itself or its kids.
func widgetsOf(form map[int]*formNode, terminal int) []*formNode {
	var out []*formNode
	for _, node := range form {
		if node.terminal == terminal && (node.dict["Rect"] != nil || node.dict["AP"] != nil) {
			out = append(out, node)
		}
	}
	return out
}
