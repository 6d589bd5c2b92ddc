package engine

import (
	"encoding/json"
	"image/color"
	"strconv"
	"strings"

	"sealdesk/internal/pdf"
)

// style is what ComponentExtra may say. This version calls it "style" only; the names are the successor's.
type style struct {
	FontSize  float64 `json:"FontSize"`  // points, 6 to 72
	FontAlign string  `json:"FontAlign"` // Left, Center, Right
	FontColor string  `json:"FontColor"` // "255,0,0"
	Format    string  `json:"Format"`    // of a date, such as yyyy年m月d日
	Opacity   float64 `json:"Opacity"`   // of a seal, 0 to 1
	SealType  string  `json:"SealType"`  // the one kind of seal that may be used; ours
}

// parseStyle reads ComponentExtra. Anything that is not such JSON is no style: the field is free text on the wire.
func parseStyle(extra string) style {
	var s style
	if !strings.HasPrefix(strings.TrimSpace(extra), "{") {
		return s
	}
	if err := json.Unmarshal([]byte(extra), &s); err != nil {
		return style{}
	}
	if s.FontSize != 0 {
		s.FontSize = min(max(s.FontSize, 6), 72)
	}
	s.Opacity = min(max(s.Opacity, 0), 1)
	return s
}

func (s style) align() pdf.Align {
	switch strings.ToLower(s.FontAlign) {
	case "center":
		return pdf.AlignCenter
	case "right":
		return pdf.AlignRight
	default:
		return pdf.AlignLeft
	}
}

// color reads "255,0,0"; nil is black.
func (s style) color() color.Color {
	parts := strings.Split(s.FontColor, ",")
	if len(parts) != 3 {
		return nil
	}
	var rgb [3]uint8
	for i, p := range parts {
		n, err := strconv.ParseUint(strings.TrimSpace(p), 10, 8)
		if err != nil {
			return nil
		}
		rgb[i] = uint8(n)
	}
	return color.RGBA{rgb[0], rgb[1], rgb[2], 255}
}
