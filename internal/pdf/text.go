package pdf

import (
	"context"
	"fmt"
	"strings"

	"github.com/klippa-app/go-pdfium/requests"
)

// PageText returns the text of a page (from 1) in reading order, lines ended by \n.
func (r *Renderer) PageText(ctx context.Context, data []byte, page int) (string, error) {
	var text string
	err := r.withDocument(ctx, data, func(doc document) error {
		if page < 1 || page > doc.pages {
			return ErrNoSuchPage
		}
		got, err := doc.GetPageText(&requests.GetPageText{Page: doc.page(page - 1)})
		if err != nil {
			return fmt.Errorf("%w: %v", ErrDamaged, err)
		}
		text = strings.ReplaceAll(got.Text, "\r\n", "\n")
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("text of page %d: %w", page, err)
	}
	return text, nil
}
