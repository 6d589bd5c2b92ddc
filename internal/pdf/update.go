package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
)

// update collects new and changed objects and appends them to a file.
type update struct {
	file    *file
	next    int // number of the next new object
	objects map[ref]object
}

func (f *file) update() *update {
	next := 1
	for num := range f.xref {
		next = max(next, num+1)
	}
	if size, ok := asInt(f.trailer["Size"]); ok && size <= maxObjects {
		next = max(next, size)
	}
	return &update{file: f, next: next, objects: map[ref]object{}}
}

// add puts in a new object.
func (u *update) add(o object) ref {
	r := ref{num: u.next}
	u.next++
	u.objects[r] = o
	return r
}

// set replaces an object.
func (u *update) set(r ref, o object) { u.objects[r] = o }

// get follows references, seeing the update's own objects first.
func (u *update) get(o object) object {
	for range maxReferences {
		r, ok := o.(ref)
		if !ok {
			return o
		}
		if v, ok := u.objects[r]; ok {
			o = v
			continue
		}
		o = u.file.object(r.num)
	}
	return nil
}

// dict gives a copy of a dictionary, empty when there is none.
func (u *update) dict(o object) dict {
	d, _ := u.get(o).(dict)
	if d == nil {
		return dict{}
	}
	return maps.Clone(d)
}

// setBelowCatalog replaces a dictionary that the catalog names, or adds it as an object of its own.
func (u *update) setBelowCatalog(key name, d dict) {
	catalog := u.dict(u.file.trailer["Root"])
	if r, ok := catalog[key].(ref); ok {
		if _, ok := u.get(r).(dict); ok { // and not something else that a hostile file lets it point at
			u.set(r, d)
			return
		}
	}
	catalog[key] = u.add(d)
	if root, ok := u.file.trailer["Root"].(ref); ok {
		u.set(root, catalog)
	}
}

// bytes appends the update. Earlier bytes stay as they are; the cross-reference continues in the file's own kind.
func (u *update) bytes() []byte {
	f := u.file
	size := len(f.original) + 4096
	for _, o := range u.objects {
		size += 256
		if s, ok := o.(*stream); ok {
			size += len(s.data)
		}
	}
	out := append(make([]byte, 0, size), f.original...)
	if n := len(out); n > 0 && out[n-1] != '\n' {
		out = append(out, '\n')
	}
	xref := map[int]entry{}
	if f.rebuilt { // nothing to lean on: bring the whole cross-reference
		maps.Copy(xref, f.xref)
	}
	refs := slices.SortedFunc(maps.Keys(u.objects), func(a, b ref) int { return a.num - b.num })
	for _, r := range refs {
		xref[r.num] = entry{entryPlain, len(out) - f.base, r.gen}
		out = fmt.Appendf(out, "%d %d obj\n", r.num, r.gen)
		o := u.objects[r]
		if s, ok := o.(*stream); ok {
			s.dict["Length"] = len(s.data)
		}
		out = append(appendObject(out, o), "\nendobj\n"...)
	}
	start := len(out) - f.base
	if f.streamed {
		out = u.appendStream(out, xref)
	} else {
		out = u.appendTable(out, xref)
	}
	return fmt.Appendf(out, "startxref\n%d\n%%%%EOF\n", start)
}

// newTrailer carries on what a trailer must keep.
func (u *update) newTrailer(body []byte) dict {
	f := u.file
	d := dict{"Size": u.next, "Root": f.trailer["Root"]}
	if v := f.trailer["Info"]; v != nil {
		d["Info"] = v
	}
	if !f.rebuilt {
		d["Prev"] = f.start
	}
	sum := sha256.Sum256(body[len(f.original):])
	id := str(sum[:16])
	first := object(id)
	if old := f.array(f.trailer["ID"]); len(old) == 2 {
		if v, ok := f.get(old[0]).(str); ok {
			first = v
		}
	}
	d["ID"] = array{first, id}
	return d
}

// runs calls back for every run of numbers without a gap.
func runs(xref map[int]entry, run func(nums []int)) {
	nums := slices.Sorted(maps.Keys(xref))
	for len(nums) > 0 {
		n := 1
		for n < len(nums) && nums[n] == nums[n-1]+1 {
			n++
		}
		run(nums[:n])
		nums = nums[n:]
	}
}

func (u *update) appendTable(out []byte, xref map[int]entry) []byte {
	trailer := u.newTrailer(out)
	xref[0] = entry{}
	out = append(out, "xref\n"...)
	runs(xref, func(nums []int) {
		out = fmt.Appendf(out, "%d %d\n", nums[0], len(nums))
		for _, num := range nums {
			switch e := xref[num]; e.kind {
			case entryPlain:
				out = fmt.Appendf(out, "%010d %05d n \n", e.offset, e.gen)
			default:
				out = append(out, "0000000000 65535 f \n"...)
			}
		}
	})
	return append(appendDict(append(out, "trailer\n"...), trailer), '\n')
}

// appendStream writes a cross-reference stream, which lists itself.
func (u *update) appendStream(out []byte, xref map[int]entry) []byte {
	self := ref{num: u.next}
	u.next++
	xref[self.num] = entry{entryPlain, len(out) - u.file.base, 0}
	d := u.newTrailer(out)
	var rows []byte
	index := array{}
	runs(xref, func(nums []int) {
		index = append(index, nums[0], len(nums))
		for _, num := range nums {
			e := xref[num]
			rows = append(rows, byte(e.kind), byte(e.offset>>32), byte(e.offset>>24), byte(e.offset>>16),
				byte(e.offset>>8), byte(e.offset), byte(e.gen>>8), byte(e.gen))
		}
	})
	d["Type"], d["W"], d["Index"] = name("XRef"), array{1, 5, 2}, index
	s := deflated(d, rows)
	s.dict["Length"] = len(s.data)
	out = fmt.Appendf(out, "%d 0 obj\n", self.num)
	return append(appendObject(out, s), "\nendobj\n"...)
}

// packers are compressors for use again: each holds most of a megabyte.
var packers = sync.Pool{New: func() any { return zlib.NewWriter(io.Discard) }}

// deflated makes a compressed stream. What is very short is left as it is.
func deflated(d dict, data []byte) *stream {
	if d == nil {
		d = dict{}
	}
	if len(data) < 100 {
		return &stream{dict: d, data: data}
	}
	var b bytes.Buffer
	z := packers.Get().(*zlib.Writer)
	defer packers.Put(z)
	z.Reset(&b)
	z.Write(data) // a bytes.Buffer takes everything
	z.Close()
	d["Filter"] = name("FlateDecode")
	return &stream{dict: d, data: b.Bytes()}
}
