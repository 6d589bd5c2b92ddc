package pdf

import (
	"bytes"
	"fmt"
)

// Limits on what a file may make us do.
const (
	maxObjects    = 1 << 23  // highest object number
	maxDecoded    = 64 << 20 // bytes decoded from object and cross-reference streams, in all
	maxPages      = 50_000
	maxReferences = 64 // a reference to a reference to …
)

// file is a parsed PDF. Objects are read when they are asked for. It is not safe for use by several goroutines.
type file struct {
	original []byte // as given
	data     []byte // from the header on; offsets in the file count from there
	base     int    // bytes before the header
	xref     map[int]entry
	sections []section // the newest first; none of a rebuilt file counts
	trailer  dict
	start    int  // offset of the newest cross-reference section
	streamed bool // the newest section is a stream
	rebuilt  bool // the cross-reference was unusable and made anew by scanning

	objects map[int]object
	loading map[int]bool
	packed  map[int]*objectStream
	budget  int   // bytes that may still be decoded
	effort  int   // bytes that may still be parsed; objects of a hostile file overlap
	freed   []int // numbers that the section being read calls free
}

// entry says where an object lies.
type entry struct {
	kind   entryKind
	offset int // in the file, or the number of the object stream
	gen    int // generation, or the index in the object stream
}

// section is one cross-reference section: a table with its trailer, or a stream.
type section struct {
	offset  int
	entries map[int]entry
	trailer dict
	hybrid  bool // it names a stream besides: old and new readers find other objects
	doubled bool // it names an object twice
}

type entryKind uint8

const (
	entryFree entryKind = iota
	entryPlain
	entryPacked
)

// open parses the structure of a file: its cross-reference, trailer and catalog.
func open(data []byte) (*file, error) {
	base := bytes.Index(data[:min(len(data), 1024)], []byte("%PDF-"))
	if base < 0 {
		return nil, ErrNotPDF
	}
	f := &file{
		original: data, data: data[base:], base: base,
		objects: map[int]object{}, loading: map[int]bool{}, packed: map[int]*objectStream{}, budget: maxDecoded,
		effort: 8<<20 + 16*len(data),
	}
	start, err := f.findStart()
	if err != nil {
		return nil, err
	}
	f.start = start
	if err := f.readSections(); err != nil || !f.sound() {
		if err := f.rebuild(); err != nil {
			return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
		}
	}
	if f.trailer["Encrypt"] != nil {
		return nil, ErrEncrypted
	}
	if f.catalog() == nil {
		return nil, fmt.Errorf("%w: no catalog", ErrDamaged)
	}
	return f, nil
}

// findStart finds the offset of the newest cross-reference section. A file without its end is damaged: it was cut,
// and nobody can tell what it lost.
func (f *file) findStart() (int, error) {
	tail := f.data[max(0, len(f.data)-4096):]
	at := bytes.LastIndex(tail, []byte("startxref"))
	if at < 0 {
		return 0, fmt.Errorf("%w: no end", ErrDamaged)
	}
	p := parser{data: tail, pos: at + len("startxref")}
	offset, ok := p.integer()
	if !ok || offset >= len(f.data) {
		offset = -1 // rebuild finds the objects all the same
	}
	return offset, nil
}

// sound tells whether every entry leads to the object it names, and the catalog to pages.
func (f *file) sound() bool {
	for num, e := range f.xref {
		if e.kind != entryPlain {
			continue
		}
		if _, ok := f.header(num, e.offset); !ok {
			return false
		}
	}
	if f.trailer["Encrypt"] != nil {
		return true
	}
	pages, _ := f.pages()
	return len(pages) > 0
}

// header checks "num gen obj" at an offset and gives the position after it.
func (f *file) header(num, offset int) (int, bool) {
	if offset < 0 || offset >= len(f.data) {
		return 0, false
	}
	p := parser{data: f.data, pos: offset}
	got, ok := p.integer()
	if !ok || got != num {
		return 0, false
	}
	if _, ok := p.integer(); !ok {
		return 0, false
	}
	p.skip()
	if !bytes.HasPrefix(f.data[p.pos:], []byte("obj")) {
		return 0, false
	}
	return p.pos + len("obj"), true
}

// get follows references to a value; what is not there is nil.
func (f *file) get(o object) object {
	for range maxReferences {
		r, ok := o.(ref)
		if !ok {
			return o
		}
		o = f.object(r.num)
	}
	return nil
}

func (f *file) dict(o object) dict {
	switch v := f.get(o).(type) {
	case dict:
		return v
	case *stream:
		return v.dict
	}
	return nil
}

func (f *file) array(o object) array {
	a, _ := f.get(o).(array)
	return a
}

func (f *file) catalog() dict {
	d, _ := f.get(f.trailer["Root"]).(dict)
	return d
}

// object reads an indirect object. A missing or unreadable one is null, as the format has it.
func (f *file) object(num int) object {
	if o, ok := f.objects[num]; ok {
		return o
	}
	e, ok := f.xref[num]
	if !ok || f.loading[num] {
		return nil
	}
	f.loading[num] = true
	defer delete(f.loading, num)
	var o object
	switch e.kind {
	case entryPlain:
		o = f.read(num, e.offset)
	case entryPacked:
		o = f.unpack(e.offset, num)
	}
	f.objects[num] = o
	return o
}

// read parses the object at an offset.
func (f *file) read(num, offset int) object {
	pos, ok := f.header(num, offset)
	if !ok {
		return nil
	}
	p := parser{data: f.data, pos: pos}
	o, err := f.parse(&p)
	if err != nil {
		return nil
	}
	d, ok := o.(dict)
	if !ok || !p.keyword("stream") {
		return o
	}
	return f.stream(d, p.pos)
}

// parse takes one value within the file's budget of effort.
func (f *file) parse(p *parser) (object, error) {
	if f.effort <= 0 {
		return nil, ErrTooLarge
	}
	start := p.pos
	o, err := p.object()
	f.effort -= p.pos - start
	return o, err
}

// stream takes the data after the word "stream". A wrong /Length is mended by looking for the end.
func (f *file) stream(d dict, pos int) object {
	if pos < len(f.data) && f.data[pos] == '\r' {
		pos++
	}
	if pos < len(f.data) && f.data[pos] == '\n' {
		pos++
	}
	length, ok := asInt(f.get(d["Length"]))
	if ok && length >= 0 && length <= len(f.data)-pos {
		p := parser{data: f.data, pos: pos + length}
		if p.keyword("endstream") {
			return &stream{dict: d, data: f.data[pos : pos+length], at: pos}
		}
	}
	if f.effort <= 0 {
		return nil
	}
	end := bytes.Index(f.data[pos:], []byte("endstream"))
	if end < 0 {
		f.effort -= len(f.data) - pos
		return nil
	}
	f.effort -= end
	data := f.data[pos : pos+end]
	data = bytes.TrimSuffix(data, []byte("\n"))
	data = bytes.TrimSuffix(data, []byte("\r"))
	return &stream{dict: d, data: data, at: pos}
}

// objectStream is a decoded stream of objects.
type objectStream struct {
	data    []byte
	places  map[int]place // by object number
	doubled bool          // a number occurs twice: readers differ in which one counts
}

// place is where an object stands in an object stream.
type place struct{ pos, index int }

// unpack reads an object out of an object stream.
func (f *file) unpack(container, num int) object {
	s := f.openPacked(container)
	if s == nil {
		return nil
	}
	at, ok := s.places[num]
	if !ok {
		return nil
	}
	p := parser{data: s.data, pos: at.pos}
	o, err := f.parse(&p)
	if err != nil {
		return nil
	}
	return o
}

// openPacked decodes an object stream once; nil when it is none.
func (f *file) openPacked(container int) *objectStream {
	if s, ok := f.packed[container]; ok {
		return s
	}
	f.packed[container] = nil // a stream inside of itself ends here
	if f.xref[container].kind != entryPlain {
		return nil
	}
	raw, ok := f.object(container).(*stream)
	if !ok || raw.dict["Type"] != name("ObjStm") {
		return nil
	}
	count, _ := asInt(f.get(raw.dict["N"]))
	first, _ := asInt(f.get(raw.dict["First"]))
	data, err := f.decode(raw)
	if err != nil || first < 0 || first > len(data) {
		return nil
	}
	s := &objectStream{data: data, places: map[int]place{}}
	p := parser{data: data[:first]}
	for i := range count {
		num, ok := p.integer()
		if !ok {
			break
		}
		offset, ok := p.integer()
		if !ok || offset > len(data)-first {
			break
		}
		if _, twice := s.places[num]; twice {
			s.doubled = true
			continue
		}
		s.places[num] = place{first + offset, i}
	}
	f.packed[container] = s
	return s
}
