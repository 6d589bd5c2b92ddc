package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"slices"
)

// readSections reads the chain of cross-reference sections from the newest to the oldest. The first entry found for a
// number counts.
func (f *file) readSections() error {
	f.xref, f.trailer, f.sections = map[int]entry{}, nil, nil
	seen := map[int]bool{}
	offset := f.start
	for {
		if offset < 0 || offset >= len(f.data) || seen[offset] {
			return fmt.Errorf("no cross-reference section at %d", offset)
		}
		seen[offset] = true
		f.sections = append(f.sections, section{offset: offset, entries: map[int]entry{}})
		trailer, streamed, err := f.readSection(offset)
		if err != nil {
			return err
		}
		f.sections[len(f.sections)-1].trailer = trailer
		if f.trailer == nil {
			f.trailer, f.streamed = trailer, streamed
		}
		// A hybrid file: the stream stands between this table and the one before it.
		if hidden, ok := asInt(trailer["XRefStm"]); ok && !streamed && !seen[hidden] {
			seen[hidden] = true
			f.sections[len(f.sections)-1].hybrid = true
			if err := f.readHidden(hidden); err != nil {
				return err
			}
		}
		prev, ok := asInt(trailer["Prev"])
		if !ok {
			break
		}
		offset = prev
	}
	if f.trailer["Root"] == nil {
		return errors.New("no root")
	}
	return nil
}

// readHidden reads the stream of a hybrid file: it gives the objects that the table beside it calls free.
func (f *file) readHidden(offset int) error {
	freed := f.freed
	for _, num := range freed {
		delete(f.xref, num)
	}
	_, err := f.readStreamSection(offset)
	for _, num := range freed {
		if _, ok := f.xref[num]; !ok {
			f.xref[num] = entry{}
		}
	}
	return err
}

func (f *file) readSection(offset int) (trailer dict, streamed bool, err error) {
	f.freed = nil
	p := parser{data: f.data, pos: offset}
	if !p.keyword("xref") {
		trailer, err = f.readStreamSection(offset)
		return trailer, true, err
	}
	for !p.keyword("trailer") {
		first, ok := p.integer()
		if !ok {
			return nil, false, p.fail("cross-reference table")
		}
		count, ok := p.integer()
		if !ok {
			return nil, false, p.fail("cross-reference table")
		}
		for i := range count {
			at, ok := p.integer()
			if !ok {
				return nil, false, p.fail("cross-reference entry")
			}
			gen, ok := p.integer()
			if !ok {
				return nil, false, p.fail("cross-reference entry")
			}
			switch {
			case p.keyword("n"):
				err = f.enter(first+i, entry{entryPlain, at, gen})
			case p.keyword("f"):
				err = f.enter(first+i, entry{kind: entryFree})
			default:
				err = p.fail("cross-reference entry")
			}
			if err != nil {
				return nil, false, err
			}
		}
	}
	o, err := p.object()
	if err != nil {
		return nil, false, err
	}
	trailer, ok := o.(dict)
	if !ok {
		return nil, false, p.fail("trailer")
	}
	return trailer, false, nil
}

// enter keeps an entry unless a newer section had one.
func (f *file) enter(num int, e entry) error {
	if num < 0 || num > maxObjects {
		return fmt.Errorf("object number %d is out of range", num)
	}
	if e.kind == entryPlain && e.offset == 0 {
		e = entry{} // a habit of some writers: a free entry that is called in use
	}
	if n := len(f.sections); n > 0 {
		_, twice := f.sections[n-1].entries[num]
		f.sections[n-1].doubled = f.sections[n-1].doubled || twice
		f.sections[n-1].entries[num] = e
	}
	if _, ok := f.xref[num]; ok {
		return nil
	}
	if e.kind == entryFree {
		f.freed = append(f.freed, num)
	}
	f.xref[num] = e
	return nil
}

// readStreamSection reads a cross-reference stream.
func (f *file) readStreamSection(offset int) (dict, error) {
	if offset < 0 || offset >= len(f.data) {
		return nil, fmt.Errorf("no cross-reference stream at %d", offset)
	}
	p := parser{data: f.data, pos: offset}
	num, ok := p.integer()
	if !ok {
		return nil, p.fail("cross-reference stream")
	}
	s, ok := f.read(num, offset).(*stream)
	if !ok || s.dict["Type"] != name("XRef") {
		return nil, p.fail("cross-reference stream")
	}
	data, err := f.decode(s)
	if err != nil {
		return nil, err
	}
	return s.dict, f.enterStream(s.dict, data)
}

// enterStream reads the entries of a decoded cross-reference stream.
func (f *file) enterStream(d dict, data []byte) error {
	var widths [3]int
	w := f.array(d["W"])
	if len(w) < 3 {
		return errors.New("cross-reference stream without widths")
	}
	for i := range widths {
		v, ok := asInt(w[i])
		if !ok || v < 0 || v > 8 {
			return errors.New("cross-reference stream with bad widths")
		}
		widths[i] = v
	}
	size := widths[0] + widths[1] + widths[2]
	if size == 0 {
		return errors.New("cross-reference stream with empty entries")
	}
	index := f.array(d["Index"])
	if index == nil {
		index = array{int64(0), d["Size"]}
	}
	for i := 0; i+1 < len(index); i += 2 {
		first, ok1 := asInt(index[i])
		count, ok2 := asInt(index[i+1])
		if !ok1 || !ok2 || first < 0 || count < 0 {
			return errors.New("cross-reference stream with a bad index")
		}
		for k := 0; k < count && len(data) >= size; k++ {
			e := streamEntry(data[:size], widths)
			data = data[size:]
			if err := f.enter(first+k, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func streamEntry(data []byte, widths [3]int) entry {
	var fields [3]int
	for i, w := range widths {
		for _, c := range data[:w] {
			fields[i] = fields[i]<<8 | int(c)
		}
		data = data[w:]
	}
	if widths[0] == 0 {
		fields[0] = 1
	}
	switch fields[0] {
	case 1:
		return entry{entryPlain, fields[1], fields[2]}
	case 2:
		return entry{entryPacked, fields[1], fields[2]}
	}
	return entry{}
}

// decode undoes the filters of a stream that holds structure: none or FlateDecode, with predictors.
func (f *file) decode(s *stream) ([]byte, error) {
	filter := f.get(s.dict["Filter"])
	parms := f.get(s.dict["DecodeParms"])
	if a, ok := filter.(array); ok {
		switch len(a) {
		case 0:
			filter = nil
		case 1:
			filter = f.get(a[0])
			if pa, ok := parms.(array); ok && len(pa) == 1 {
				parms = f.get(pa[0])
			}
		default:
			return nil, errors.New("more than one filter")
		}
	}
	if filter == nil {
		return s.data, nil
	}
	if filter != name("FlateDecode") && filter != name("Fl") {
		return nil, fmt.Errorf("filter %v is not supported here", filter)
	}
	data, err := f.inflate(s.data)
	if err != nil {
		return nil, err
	}
	d, _ := parms.(dict)
	return f.unpredict(d, data)
}

// inflate decompresses within the file's budget. A stream whose end is broken gives what came before it.
func (f *file) inflate(data []byte) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	out, err := io.ReadAll(io.LimitReader(z, int64(f.budget)+1))
	f.budget -= len(out)
	f.effort += 4 * len(out)
	if f.budget < 0 {
		f.budget = 0
		return nil, ErrTooLarge
	}
	if len(out) == 0 && err != nil {
		return nil, err
	}
	return out, nil
}

// unpredict undoes the PNG predictors. (The TIFF one is not used for structure by any known writer.)
func (f *file) unpredict(d dict, data []byte) ([]byte, error) {
	predictor, ok := asInt(f.get(d["Predictor"]))
	if !ok || predictor < 10 {
		if predictor == 2 {
			return nil, errors.New("TIFF predictor")
		}
		return data, nil
	}
	number := func(key name, def int) int {
		if v, ok := asInt(f.get(d[key])); ok && v > 0 && v < 1<<16 {
			return v
		}
		return def
	}
	colors, bits, columns := number("Colors", 1), number("BitsPerComponent", 8), number("Columns", 1)
	unit := max(1, colors*bits/8)
	width := (colors*bits*columns + 7) / 8
	out := make([]byte, 0, len(data))
	above := make([]byte, width)
	for len(data) > 1 {
		kind := data[0]
		row := slices.Clone(data[1:min(len(data), 1+width)])
		data = data[min(len(data), 1+width):]
		unfilter(kind, row, above, unit)
		copy(above, row)
		out = append(out, row...)
	}
	return out, nil
}

// unfilter undoes one row of a PNG filter in place.
func unfilter(kind byte, row, above []byte, unit int) {
	for i := range row {
		var left, corner byte
		if i >= unit {
			left, corner = row[i-unit], above[i-unit]
		}
		switch kind {
		case 1:
			row[i] += left
		case 2:
			row[i] += above[i]
		case 3:
			row[i] += byte((int(left) + int(above[i])) / 2)
		case 4:
			row[i] += paeth(left, above[i], corner)
		}
	}
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	da, db, dc := distance(p, a), distance(p, b), distance(p, c)
	switch {
	case da <= db && da <= dc:
		return a
	case db <= dc:
		return b
	}
	return c
}

func distance(p int, v byte) int { return max(p-int(v), int(v)-p) }
