package api

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// Callback tells the address in CallbackUrl what has happened to a flow. This version of the API does not document the body; the names
// are those that its successor uses, and what they mean is the embedded engine's.
type Callback struct {
	FlowId          string `json:"FlowId"`
	DocumentId      string `json:"DocumentId"`   // always empty: there are no documents apart from flows
	CallbackType    string `json:"CallbackType"` // sign, review
	FlowName        string `json:"FlowName"`
	FlowType        string `json:"FlowType"`
	FlowDescription string `json:"FlowDescription"`
	Unordered       bool   `json:"Unordered"` // always true: approvers have no order among them
	CreateOn        int64  `json:"CreateOn"`
	UpdatedOn       int64  `json:"UpdatedOn"` // of this event
	DeadLine        int64  `json:"DeadLine"`
	// FlowCallbackStatus is not FlowStatus: 1 pending, 2 part, 3 rejected, 4 signed, 5 expired, 6 withdrawn.
	FlowCallbackStatus int `json:"FlowCallbackStatus"`
	// UserId is who acted, RecipientId their task (SignId).
	UserId      string             `json:"UserId"`
	RecipientId string             `json:"RecipientId"`
	Operate     string             `json:"Operate"` // start, sign, reject, cancel, finish, deadline
	UserData    string             `json:"UserData"`
	Approvers   []CallbackApprover `json:"Approvers"`
}

// CallbackApprover is one approver in a Callback; mobile and number are masked.
type CallbackApprover struct {
	UserId               string `json:"UserId"`
	RecipientId          string `json:"RecipientId"`
	ApproverType         string `json:"ApproverType"` // PERSON, ORGANIZATION
	OrganizationName     string `json:"OrganizationName"`
	Required             bool   `json:"Required"`
	ApproverName         string `json:"ApproverName"`
	ApproverMobile       string `json:"ApproverMobile"`
	ApproverIdCardType   string `json:"ApproverIdCardType"`
	ApproverIdCardNumber string `json:"ApproverIdCardNumber"`
	// ApproveCallbackStatus: 2 pending, 3 signed, 4 rejected, 5 expired, 6 withdrawn.
	ApproveCallbackStatus int    `json:"ApproveCallbackStatus"`
	ApproveMessage        string `json:"ApproveMessage"`
	VerifyChannel         string `json:"VerifyChannel"`
	ApproveTime           int64  `json:"ApproveTime"`
}

// CallbackKeys protect callbacks.
type CallbackKeys struct {
	// Token signs the body.
	Token string
	// Key (32 bytes) encrypts it; empty sends it in clear.
	Key string
}

const (
	// CallbackSignature is the header that carries the signature of a callback.
	CallbackSignature = "Content-Signature"
	// CallbackID is the header by which a receiver recognises a callback that comes again.
	CallbackID = "X-Callback-Id"

	callbackSignaturePrefix = "sha256="
	// CallbackKeyBytes is the size of the key: AES-256.
	CallbackKeyBytes = 32
)

// ErrCallback says that a callback was not sealed with our keys.
var ErrCallback = errors.New("api: the callback is not signed or encrypted with our keys")

// Seal encrypts a body where there is a key, and signs what is sent.
func (k CallbackKeys) Seal(body []byte) (sent []byte, signature string, err error) {
	if k.Key != "" {
		block, iv, err := k.cipher()
		if err != nil {
			return nil, "", err
		}
		padding := aes.BlockSize - len(body)%aes.BlockSize
		padded := append(bytes.Clone(body), bytes.Repeat([]byte{byte(padding)}, padding)...)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
		body = []byte(base64.StdEncoding.EncodeToString(padded))
	}
	return body, callbackSignaturePrefix + hex.EncodeToString(hmacSHA256([]byte(k.Token), string(body))), nil
}

// Open checks the signature of what came and decrypts it where there is a key. It is checked before anything is decrypted, so that nothing
// can be learnt from the padding.
func (k CallbackKeys) Open(sent []byte, signature string) ([]byte, error) {
	given, prefixed := strings.CutPrefix(signature, callbackSignaturePrefix)
	want, err := hex.DecodeString(given)
	if k.Token == "" || !prefixed || err != nil || !hmac.Equal(want, hmacSHA256([]byte(k.Token), string(sent))) {
		return nil, ErrCallback
	}
	if k.Key == "" {
		return sent, nil
	}
	block, iv, err := k.cipher()
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(string(sent))
	if err != nil || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, ErrCallback
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
	padding := int(data[len(data)-1])
	if padding == 0 || padding > aes.BlockSize {
		return nil, ErrCallback
	}
	return data[:len(data)-padding], nil
}

// cipher gives AES-256 and the initial vector, which is the first half of the key (the successor's form).
func (k CallbackKeys) cipher() (cipher.Block, []byte, error) {
	if len(k.Key) != CallbackKeyBytes {
		return nil, nil, errors.New("api: the key of callbacks does not have 32 bytes")
	}
	block, err := aes.NewCipher([]byte(k.Key))
	return block, []byte(k.Key)[:aes.BlockSize], err
}

// CallbackEventID names a callback by its content, for receivers of one that carries no id.
func CallbackEventID(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}
