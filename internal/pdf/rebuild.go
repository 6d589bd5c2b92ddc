package pdf

import (
	"bytes"
	"errors"
)

// rebuild makes the cross-reference anew by scanning the whole file for objects; of two with one number the later
// counts. An update of such a file brings a complete cross-reference of its own, which mends it.
func (f *file) rebuild() error {
	f.rebuilt, f.streamed = true, false
	f.xref, f.trailer = map[int]entry{}, dict{}
	clear(f.objects)
	clear(f.packed)
	var last object // the newest catalog, should no trailer name one
	for pos := 0; ; {
		at := bytes.Index(f.data[pos:], []byte("obj"))
		if at < 0 {
			break
		}
		at += pos
		pos = at + len("obj")
		num, gen, offset, ok := f.headerBefore(at)
		if !ok {
			continue
		}
		f.xref[num] = entry{entryPlain, offset, gen}
		delete(f.objects, num)
		p := parser{data: f.data, pos: pos}
		o, err := f.parse(&p)
		if errors.Is(err, ErrTooLarge) {
			return err
		}
		d, ok := o.(dict)
		if err != nil || !ok {
			continue
		}
		if d["Type"] == name("Catalog") {
			last = ref{num, gen}
		}
		if p.keyword("stream") {
			pos = f.rebuildStream(num, d, p.pos)
		}
	}
	clear(f.objects) // what was read on the way may have been replaced by later objects
	clear(f.packed)
	f.rebuildTrailer()
	if f.trailer["Root"] == nil || f.catalog() == nil {
		if last == nil {
			return errors.New("no catalog found")
		}
		f.trailer["Root"] = last
	}
	return nil
}

// headerBefore reads "num gen " backwards from the word obj.
func (f *file) headerBefore(at int) (num, gen, offset int, ok bool) {
	if at < 4 || at >= 3 && string(f.data[at-3:at]) == "end" {
		return 0, 0, 0, false
	}
	i := at
	back := func(accept func(byte) bool) bool {
		start := i
		for i > 0 && start-i < 12 && accept(f.data[i-1]) {
			i--
		}
		return i < start
	}
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	if !back(isSpace) || !back(digit) || !back(isSpace) || !back(digit) {
		return 0, 0, 0, false
	}
	p := parser{data: f.data[:at], pos: i}
	num, ok = p.integer()
	if !ok || num > maxObjects {
		return 0, 0, 0, false
	}
	gen, ok = p.integer()
	return num, gen, i, ok
}

// rebuildStream passes a stream's data, which may look like objects, and enters what a stream of objects holds.
func (f *file) rebuildStream(num int, d dict, pos int) int {
	s, ok := f.stream(d, pos).(*stream)
	if !ok {
		return pos
	}
	switch d["Type"] {
	case name("ObjStm"):
		delete(f.packed, num)
		if packed := f.openPacked(num); packed != nil {
			f.streamed = true
			for inner, at := range packed.places {
				if inner <= maxObjects {
					f.xref[inner] = entry{entryPacked, num, at.index}
					delete(f.objects, inner)
				}
			}
		}
	case name("XRef"):
		f.takeTrailer(d)
	}
	return s.at + len(s.data)
}

// rebuildTrailer takes Root, Info, ID and Encrypt from every trailer in the order of the file.
func (f *file) rebuildTrailer() {
	for pos := 0; ; {
		at := bytes.Index(f.data[pos:], []byte("trailer"))
		if at < 0 {
			return
		}
		pos += at + len("trailer")
		p := parser{data: f.data, pos: pos}
		if o, err := f.parse(&p); err == nil {
			if d, ok := o.(dict); ok {
				f.takeTrailer(d)
			}
		}
	}
}

func (f *file) takeTrailer(d dict) {
	for _, key := range []name{"Root", "Info", "ID", "Encrypt"} {
		if v := d[key]; v != nil {
			f.trailer[key] = v
		}
	}
}
