// Package pdftest makes small PDF files for tests: pages that are turned, cropped or off the origin, in every kind of
// cross-reference that the format knows.
package pdftest

import (
	"bytes"
	"fmt"
	"strings"
)

// Structure is how a file lists its objects.
type Structure int

// The kinds of cross-reference.
const (
	Classic       Structure = iota // a table
	XRefStream                     // a stream
	ObjectStreams                  // a stream, with most objects packed into an object stream
	Hybrid                         // a table for old readers, and a stream for objects that only new ones see
)

func (s Structure) String() string {
	return [...]string{"Classic", "XRefStream", "ObjectStreams", "Hybrid"}[s]
}

// Structures lists all kinds.
func Structures() []Structure { return []Structure{Classic, XRefStream, ObjectStreams, Hybrid} }

// Page describes a page. The zero Page is upright A4.
type Page struct {
	MediaBox, CropBox [4]float64 // points; zero is A4, and none
	Rotate            int        // degrees clockwise
	Inherit           bool       // the attributes stand in a node above the page
}

// attributes writes the page's boxes.
func (p Page) attributes() string {
	box := func(v [4]float64) string { return fmt.Sprintf("[%g %g %g %g]", v[0], v[1], v[2], v[3]) }
	if p.MediaBox == ([4]float64{}) {
		p.MediaBox = [4]float64{0, 0, 595, 842}
	}
	out := "/MediaBox " + box(p.MediaBox)
	if p.CropBox != ([4]float64{}) {
		out += " /CropBox " + box(p.CropBox)
	}
	if p.Rotate != 0 {
		out += fmt.Sprintf(" /Rotate %d", p.Rotate)
	}
	return out
}

// Document makes a file of the given pages, each of which says its number.
func Document(s Structure, pages ...Page) []byte {
	// Numbers: 1 catalog, 2 root of the pages, 3 font, then for each page content, page and the node above it.
	b := &builder{objects: []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}}
	var kids []string
	for i, p := range pages {
		text := fmt.Sprintf("BT /F 24 Tf 1 0 0 1 100 100 Tm (Page %d) Tj ET", i+1)
		content := b.add(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text))
		page, node := content+1, content+2
		own, above := p.attributes(), ""
		if p.Inherit {
			own, above = above, own
		}
		b.add(fmt.Sprintf("<< /Type /Page /Parent %d 0 R %s /Contents %d 0 R /Resources << /Font << /F 3 0 R >> >> >>",
			node, own, content))
		b.add(fmt.Sprintf("<< /Type /Pages /Parent 2 0 R %s /Count 1 /Kids [%d 0 R] >>", above, page))
		kids = append(kids, fmt.Sprintf("%d 0 R", node))
	}
	b.objects[1] = fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", len(kids), strings.Join(kids, " "))
	return b.file(s)
}

// builder writes objects and remembers where they stand.
type builder struct {
	objects []string // object n is at n-1
	out     bytes.Buffer
	rows    [][3]int // kind, offset or container, index; by number
}

func (b *builder) add(object string) int {
	b.objects = append(b.objects, object)
	return len(b.objects)
}

func (b *builder) write(num int, object string) {
	b.rows[num] = [3]int{1, b.out.Len(), 0}
	fmt.Fprintf(&b.out, "%d 0 obj\n%s\nendobj\n", num, object)
}

func (b *builder) file(s Structure) []byte {
	count := len(b.objects)
	packed, self := count+1, count+2
	b.rows = make([][3]int, count+3)
	b.out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var hidden []int
	for i, object := range b.objects {
		num := i + 1
		isStream := strings.HasSuffix(object, "endstream")
		if !isStream && (s == ObjectStreams || s == Hybrid && num > 2) {
			hidden = append(hidden, num)
			continue
		}
		b.write(num, object)
	}
	if len(hidden) > 0 {
		b.pack(packed, hidden)
	}
	if s == Classic {
		return b.finishTable(count + 1)
	}
	stream := b.out.Len()
	b.writeStream(self, s, hidden)
	if s == Hybrid {
		// As Word does it: a second, empty table brings the stream. Poppler does not find hidden objects otherwise.
		first := b.out.Len()
		b.finishTable(count + 3)
		second := b.out.Len()
		fmt.Fprintf(&b.out, "xref\n0 0\ntrailer\n<< /Size %d /Root 1 0 R /Prev %d /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n",
			count+3, first, stream, second)
		return b.out.Bytes()
	}
	fmt.Fprintf(&b.out, "startxref\n%d\n%%%%EOF\n", stream)
	return b.out.Bytes()
}

// pack writes an object stream.
func (b *builder) pack(num int, hidden []int) {
	var index, body strings.Builder
	for i, n := range hidden {
		fmt.Fprintf(&index, "%d %d ", n, body.Len())
		body.WriteString(b.objects[n-1] + " ")
		b.rows[n] = [3]int{2, num, i}
	}
	data := index.String() + body.String()
	b.write(num, fmt.Sprintf("<< /Type /ObjStm /N %d /First %d /Length %d >>\nstream\n%s\nendstream",
		len(hidden), index.Len(), len(data), data))
}

// writeStream writes a cross-reference stream, of a hybrid file only with what its table leaves out.
func (b *builder) writeStream(self int, s Structure, hidden []int) {
	b.rows[self] = [3]int{1, b.out.Len(), 0}
	var data []byte
	index := fmt.Sprintf("[0 %d]", len(b.rows))
	row := func(n int) {
		r := b.rows[n]
		data = append(data, byte(r[0]), byte(r[1]>>16), byte(r[1]>>8), byte(r[1]), byte(r[2]))
	}
	if s == Hybrid {
		index = "["
		for _, n := range hidden {
			index += fmt.Sprintf("%d 1 ", n)
			row(n)
		}
		index += "]"
	} else {
		for n := range b.rows {
			row(n)
		}
	}
	fmt.Fprintf(&b.out, "%d 0 obj\n<< /Type /XRef /Size %d /W [1 3 1] /Index %s /Root 1 0 R /Length %d >>\nstream\n",
		self, len(b.rows), index, len(data))
	b.out.Write(data)
	b.out.WriteString("\nendstream\nendobj\n")
}

// finishTable writes a table and a trailer. Packed objects are free for those who read no streams.
func (b *builder) finishTable(size int) []byte {
	start := b.out.Len()
	fmt.Fprintf(&b.out, "xref\n0 %d\n0000000000 65535 f \n", size)
	for _, r := range b.rows[1:size] {
		if r[0] == 1 {
			fmt.Fprintf(&b.out, "%010d 00000 n \n", r[1])
		} else {
			b.out.WriteString("0000000000 65535 f \n")
		}
	}
	fmt.Fprintf(&b.out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", size, start)
	return b.out.Bytes()
}
