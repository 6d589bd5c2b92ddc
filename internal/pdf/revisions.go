package pdf

import (
	"bytes"
	"maps"
)

// revision is one update of a file: objects, a cross-reference section and an end.
type revision struct {
	start, end int // in data; end is behind %%EOF, before the line end
	offset     int // of its cross-reference section
	section    *section
	headers    map[int]header // objects that it writes, by number
}

// header is where an object begins, and its generation.
type header struct{ offset, gen int }

// revisionsAfter reads the updates that follow a position, accounting for every byte. Readers differ in what they make of
// bytes that stand outside, of objects that no cross-reference names, of entries that lead back into older updates and of
// hybrid sections: ok is false for any of them.
func (f *file) revisionsAfter(pos int) (out []revision, ok bool) {
	for {
		p := parser{data: f.data, pos: pos}
		for p.pos < len(f.data) && isSpace(f.data[p.pos]) {
			p.pos++
		}
		if p.pos >= len(f.data) {
			break
		}
		r, ok := f.revision(&p)
		if !ok {
			return nil, false
		}
		out = append(out, r)
		pos = r.end
	}
	return out, f.chained(out, pos)
}

// revision reads one update.
func (f *file) revision(p *parser) (revision, bool) {
	r := revision{start: p.pos, headers: map[int]header{}}
	for {
		p.skip()
		at := p.pos
		switch {
		case p.keyword("xref"):
			r.offset = at
			if !passTable(p) {
				return r, false
			}
		case p.keyword("startxref"):
			offset, ok := p.integer()
			return r, ok && f.endRevision(p, &r, offset)
		default:
			if !f.passObject(p, &r) {
				return r, false
			}
		}
	}
}

// endRevision takes the end of an update, and the section that it names.
func (f *file) endRevision(p *parser, r *revision, offset int) bool {
	for p.pos < len(p.data) && isSpace(p.data[p.pos]) {
		p.pos++
	}
	if !bytes.HasPrefix(p.data[p.pos:], []byte("%%EOF")) {
		return false
	}
	r.end = p.pos + len("%%EOF")
	for i := range f.sections {
		if f.sections[i].offset == offset && offset >= r.start && offset < r.end && (r.offset == 0 || r.offset == offset) {
			r.offset, r.section = offset, &f.sections[i]
			return true
		}
	}
	return false
}

// passTable passes a cross-reference table and its trailer, which readSection has read.
func passTable(p *parser) bool {
	for !p.keyword("trailer") {
		_, number := p.integer()
		if !number && !p.keyword("n") && !p.keyword("f") {
			return false
		}
	}
	o, err := p.object()
	_, ok := o.(dict)
	return err == nil && ok && !p.doubled
}

// passObject passes one object, whose stream has the length that it says.
func (f *file) passObject(p *parser, r *revision) bool {
	at := p.pos
	num, ok := p.integer()
	gen, ok2 := p.integer()
	p.skip()
	if _, twice := r.headers[num]; !ok || !ok2 || twice || !bytes.HasPrefix(p.data[p.pos:], []byte("obj")) {
		return false
	}
	r.headers[num] = header{at, gen}
	p.pos += len("obj")
	o, err := f.parse(p)
	if err != nil || p.doubled {
		return false
	}
	if d, ok := o.(dict); ok && p.keyword("stream") {
		s, ok := f.stream(d, p.pos).(*stream)
		length, known := asInt(f.get(d["Length"]))
		if !ok || !known || length != len(s.data) {
			return false
		}
		p.pos = s.at + length
		if !p.keyword("endstream") {
			return false
		}
	}
	return p.keyword("endobj")
}

// chained tells whether the sections of the updates follow one another without a gap, name exactly the objects that
// their updates write, and lead to the same catalog.
func (f *file) chained(revisions []revision, end int) bool {
	older := f.sections[min(len(revisions), len(f.sections)):]
	if len(older) == 0 || end < 0 {
		return len(revisions) == 0
	}
	used := map[int]entry{}
	for i := len(older) - 1; i >= 0; i-- {
		maps.Copy(used, older[i].entries)
	}
	for i := range revisions {
		r := &revisions[i]
		k := len(revisions) - 1 - i
		if r.section != &f.sections[k] || r.section.hybrid || r.section.doubled || !r.names(f, used) {
			return false
		}
		prev, _ := asInt(r.section.trailer["Prev"])
		if prev != f.sections[k+1].offset || r.section.trailer["Root"] != f.sections[k+1].trailer["Root"] {
			return false
		}
		maps.Copy(used, r.section.entries)
	}
	return true
}

// names compares the entries of an update's section with the objects that the update writes.
func (r *revision) names(f *file, used map[int]entry) bool {
	plain := 0
	for num, h := range r.headers {
		if _, listed := r.section.entries[num]; !listed && h.offset == r.offset {
			plain++ // a stream that does not list itself
		}
	}
	for num, e := range r.section.entries {
		old, known := used[num]
		switch e.kind {
		case entryPlain:
			plain++
			h, ok := r.headers[num]
			gen := 0
			if known && old.kind == entryPlain {
				gen = old.gen
			}
			if !ok || h.offset != e.offset || h.gen != e.gen || h.gen != gen {
				return false
			}
		case entryPacked:
			if _, ok := r.headers[e.offset]; !ok || !f.packedOnce(e, num) || known && old.kind == entryPlain && old.gen != 0 {
				return false
			}
		}
	}
	return plain == len(r.headers)
}

// packedOnce tells whether an object stream has an object at the index that its entry says, and only there.
func (f *file) packedOnce(e entry, num int) bool {
	s := f.openPacked(e.offset)
	if s == nil {
		return false
	}
	at, ok := s.places[num]
	if !ok || s.doubled || at.index != e.gen {
		return false
	}
	p := parser{data: s.data, pos: at.pos}
	_, err := f.parse(&p)
	return err == nil && !p.doubled
}

// signedRevision tells which of the updates a signature ends with, -1 when it ends with none: whoever covers half of an
// update leaves the other half to others.
func signedRevision(revisions []revision, end int) int {
	for i, r := range revisions {
		if end >= r.end && end <= r.end+2 {
			return i
		}
	}
	return -1
}

// endsWhole tells whether a revision that was signed ends where a file ends.
func endsWhole(data []byte) bool {
	tail := bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	return bytes.HasSuffix(tail, []byte("%%EOF"))
}
