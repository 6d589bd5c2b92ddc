package signpages

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// showSign is the signer's page: the form while they are to sign, the outcome afterwards.
func (s *server) showSign(w http.ResponseWriter, r *http.Request) error {
	session, err := s.session(r, engine.LinkSign)
	if errors.Is(err, engine.ErrCatalogLink) {
		return s.showCatalog(w, r, engine.LinkSign)
	}
	if err != nil {
		return err
	}
	return s.renderSession(w, r, http.StatusOK, session, newEntry(session))
}

// showPreview is the contract for reading only.
func (s *server) showPreview(w http.ResponseWriter, r *http.Request) error {
	session, err := s.session(r, engine.LinkPreview)
	if errors.Is(err, engine.ErrCatalogLink) {
		return s.showCatalog(w, r, engine.LinkPreview)
	}
	if err != nil {
		return err
	}
	return s.renderSession(w, r, http.StatusOK, session, entry{})
}

// session opens a link, which must be of the kind.
func (s *server) session(r *http.Request, kind engine.LinkKind) (*engine.Session, error) {
	session, err := s.engine.SigningSession(r.Context(), r.PathValue("token"))
	if err != nil {
		return nil, fmt.Errorf("open the link: %w", err)
	}
	if session.Kind != kind || (kind == engine.LinkSign) != (session.Approver != nil) {
		return nil, engine.ErrLinkUnknown
	}
	if session.Approver != nil {
		if session.Approver.Account, err = s.engine.SessionAccount(r.Context(), r.PathValue("token"), ticketOf(r)); err != nil {
			return nil, fmt.Errorf("look who has logged in: %w", err)
		}
	}
	return session, nil
}

func (s *server) renderSession(w http.ResponseWriter, r *http.Request, status int, session *engine.Session, e entry) error {
	base := "/" + string(session.Kind) + "/" + r.PathValue("token")
	page, err := s.page(r.Context(), r.PathValue("token"), base, session, e)
	if err != nil {
		return err
	}
	title := i18n.T(r.Context(), "sign.title")
	if session.Kind == engine.LinkPreview {
		title = i18n.T(r.Context(), "sign.title.preview")
	}
	return s.render(w, r, status, session.FlowName+" · "+title, templates.SignContract(page))
}

// showNothing answers addresses that no page has.
func (s *server) showNothing(http.ResponseWriter, *http.Request) error { return errNoPage }

// showPage is the picture of a page. Its address ends in {page}.png.
func (s *server) showPage(w http.ResponseWriter, r *http.Request) error {
	file, err := fileNumber(r)
	if err != nil {
		return err
	}
	name, ok := strings.CutSuffix(r.PathValue("page"), ".png")
	page, bad := strconv.Atoi(name)
	if !ok || bad != nil || page < 1 {
		return errNoPage
	}
	png, err := s.engine.SessionPage(r.Context(), r.PathValue("token"), file, page, r.FormValue("size") == "medium")
	if err != nil {
		return fmt.Errorf("show page %d of file %d: %w", page, file, err)
	}
	return s.write(w, r, "image/png", png)
}

// showSeal is the picture of a seal that the signer may choose. Its address ends in {seal}.png.
func (s *server) showSeal(w http.ResponseWriter, r *http.Request) error {
	id, ok := strings.CutSuffix(r.PathValue("seal"), ".png")
	if !ok {
		return errNoPage
	}
	png, err := s.engine.SessionSealPNG(r.Context(), r.PathValue("token"), id)
	if err != nil {
		return fmt.Errorf("show a seal: %w", err)
	}
	return s.write(w, r, "image/png", png)
}

// showFile is a file of the contract to download.
func (s *server) showFile(w http.ResponseWriter, r *http.Request) error {
	file, err := fileNumber(r)
	if err != nil {
		return err
	}
	name, pdf, err := s.engine.SessionFile(r.Context(), r.PathValue("token"), file)
	if err != nil {
		return fmt.Errorf("download file %d: %w", file, err)
	}
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	return s.write(w, r, "application/pdf", pdf)
}

func fileNumber(r *http.Request) (int, error) {
	file, err := strconv.Atoi(r.PathValue("file"))
	if err != nil || file < 0 {
		return 0, errNoPage
	}
	return file, nil
}

func (s *server) write(w http.ResponseWriter, r *http.Request, mediaType string, data []byte) error {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	if _, err := w.Write(data); err != nil {
		s.logger.DebugContext(r.Context(), "signpages: the reader has gone", "error", err)
	}
	return nil
}
