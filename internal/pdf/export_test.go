package pdf

import (
	"context"
	"strings"

	"sealdesk/internal/font"
)

// SignWith signs as a forger does who has a library of their own: the update that is signed holds the given objects as they
// are written. Where they say %V% stands the reference to the signature. What is given as object 0 is the signature's /Reference.
func SignWith(ctx context.Context, data []byte, face *font.Face, act Act, objects map[int]string) ([]byte, error) {
	e, err := newEditor(data, face)
	if err != nil {
		return nil, err
	}
	room, err := act.room()
	if err != nil {
		return nil, err
	}
	s := &signing{editor: e, act: act, contents: &hole{size: 2*room + 2}, byteRange: &hole{size: 40}}
	for num := range objects {
		s.next = max(s.next, num+1)
	}
	signature := s.signature()
	if references, ok := objects[0]; ok {
		signature["Reference"] = raw(references)
	}
	value := s.add(signature)
	for num, body := range objects {
		if num == 0 {
			continue
		}
		s.set(ref{num: num}, raw(strings.ReplaceAll(body, "%V%", string(appendObject(nil, value)))))
	}
	out := s.bytes()
	return out, s.seal(ctx, out)
}
