package demo

import (
	_ "embed"
	"fmt"
	"strings"

	"sealdesk/internal/font"
	"sealdesk/internal/pdf"
)

// contractText is the sample contract in a small markup, a block a line: "~" a note, "#" the title, "##" a heading, "@" the signature
// area; all else is a paragraph.
//
//go:embed contract.txt
var contractText string

// Keys of the two sides in the anchors of the composed contract.
const (
	sideA = "a"
	sideB = "b"
)

// composeContract sets the sample contract between two organisations and says where each side signs.
func composeContract(face *font.Face, a, b string) ([]byte, map[string]pdf.Anchor, error) {
	names := strings.NewReplacer("{甲方}", a, "{乙方}", b)
	c := pdf.NewComposer(face)
	for line := range strings.Lines(contractText) {
		line = names.Replace(strings.TrimSpace(line))
		mark, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "":
		case mark == "~":
			c.Note(rest)
		case mark == "#":
			c.Title(rest)
		case mark == "##":
			c.Heading(rest)
		case strings.HasPrefix(line, "@"):
			c.Heading(line[1:])
			c.SignatureArea(pdf.Party{Key: sideA, Role: "甲方", Name: a}, pdf.Party{Key: sideB, Role: "乙方", Name: b})
		default:
			c.Paragraph(line)
		}
	}
	data, err := c.Bytes()
	if err != nil {
		return nil, nil, fmt.Errorf("compose the sample contract: %w", err)
	}
	return data, c.Anchors(), nil
}
