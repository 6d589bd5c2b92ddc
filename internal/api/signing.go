package api

// CreateSignUrl: sign link for one user.
var CreateSignUrl = Action[CreateSignUrlRequest, CreateSignUrlResponse]{"CreateSignUrl"}

// CreateSignUrlRequest is what CreateSignUrl takes.
type CreateSignUrlRequest struct {
	Caller      Caller `json:"Caller" form:"-" validate:"required"`
	UserId      string `json:"UserId" validate:"required"`
	Deadline    int64  `json:"Deadline" validate:"required"`
	CatalogId   string `json:"CatalogId,omitempty" validate:"required_if=SignUrlType CATALOG"`
	FlowId      string `json:"FlowId,omitempty" validate:"required_unless=SignUrlType CATALOG"`
	SignUrlType string `json:"SignUrlType,omitempty" validate:"omitempty,oneof=FLOW CATALOG"`
	SignId      string `json:"SignId,omitempty"`
}

// CreateSignUrlResponse is what CreateSignUrl answers.
type CreateSignUrlResponse struct {
	SignUrl   string `json:"SignUrl"`
	RequestId string `json:"RequestId"`
}

// CreatePreviewSignUrl: read-only link.
var CreatePreviewSignUrl = Action[CreatePreviewSignUrlRequest, CreatePreviewSignUrlResponse]{"CreatePreviewSignUrl"}

// CreatePreviewSignUrlRequest is what CreatePreviewSignUrl takes.
type CreatePreviewSignUrlRequest struct {
	Caller      Caller `json:"Caller" form:"-" validate:"required"`
	Deadline    int64  `json:"Deadline" validate:"required"`
	CatalogId   string `json:"CatalogId,omitempty" validate:"required_if=SignUrlType CATALOG"`
	FlowId      string `json:"FlowId,omitempty" validate:"required_unless=SignUrlType CATALOG"`
	SignUrlType string `json:"SignUrlType,omitempty" validate:"omitempty,oneof=FLOW CATALOG"`
}

// CreatePreviewSignUrlResponse is what CreatePreviewSignUrl answers.
type CreatePreviewSignUrlResponse struct {
	PreviewSignUrl string `json:"PreviewSignUrl"`
	RequestId      string `json:"RequestId"`
}

// SignFlow: sign.
var SignFlow = Action[SignFlowRequest, SignFlowResponse]{"SignFlow"}

// SignFlowRequest is what SignFlow takes.
type SignFlowRequest struct {
	Caller         Caller     `json:"Caller" form:"-" validate:"required"`
	FlowId         string     `json:"FlowId" validate:"required"`
	VerifyResult   string     `json:"VerifyResult" validate:"required_unless=VerifyChannel NONE" mask:"secret"`
	VerifyChannel  string     `json:"VerifyChannel" validate:"required,oneof=WEIXINAPP FACEID VERIFYCODE THIRD NONE"`
	SourceIp       string     `json:"SourceIp" form:"-" validate:"required"`
	SignSeals      []SignSeal `json:"SignSeals" validate:"required,dive"`
	ApproveMessage string     `json:"ApproveMessage,omitempty"`
	SignId         string     `json:"SignId,omitempty"`
}

// SignFlowResponse is what SignFlow answers.
type SignFlowResponse struct {
	Status    string `json:"Status"`
	RequestId string `json:"RequestId"`
}

// RejectFlow: refuse.
var RejectFlow = Action[RejectFlowRequest, RejectFlowResponse]{"RejectFlow"}

// RejectFlowRequest is what RejectFlow takes.
type RejectFlowRequest struct {
	Caller        Caller `json:"Caller" form:"-" validate:"required"`
	FlowId        string `json:"FlowId" validate:"required"`
	VerifyResult  string `json:"VerifyResult" validate:"required_unless=VerifyChannel NONE" mask:"secret"`
	VerifyChannel string `json:"VerifyChannel" validate:"required,oneof=WEIXINAPP FACEID VERIFYCODE THIRD NONE"`
	SourceIp      string `json:"SourceIp" form:"-" validate:"required"`
	RejectMessage string `json:"RejectMessage,omitempty"`
	SignId        string `json:"SignId,omitempty"`
}

// RejectFlowResponse is what RejectFlow answers.
type RejectFlowResponse struct {
	RequestId string `json:"RequestId"`
}

// CreateServerFlowSign: silent sign; white list.
var CreateServerFlowSign = Action[CreateServerFlowSignRequest, CreateServerFlowSignResponse]{"CreateServerFlowSign"}

// CreateServerFlowSignRequest is what CreateServerFlowSign takes.
type CreateServerFlowSignRequest struct {
	Caller         Caller      `json:"Caller" form:"-" validate:"required"`
	FlowId         string      `json:"FlowId" validate:"required"`
	SignComponents []Component `json:"SignComponents" validate:"required,min=1,dive"`
	SourceIp       string      `json:"SourceIp" form:"-" validate:"required"`
}

// CreateServerFlowSignResponse is what CreateServerFlowSign answers.
type CreateServerFlowSignResponse struct {
	SignStatus int64  `json:"SignStatus"`
	RequestId  string `json:"RequestId"`
}

// SendSignInnerVerifyCode: SMS code for signing.
var SendSignInnerVerifyCode = Action[SendSignInnerVerifyCodeRequest, SendSignInnerVerifyCodeResponse]{"SendSignInnerVerifyCode"}

// SendSignInnerVerifyCodeRequest is what SendSignInnerVerifyCode takes.
type SendSignInnerVerifyCodeRequest struct {
	Caller                  Caller `json:"Caller" form:"-" validate:"required"`
	Mobile                  string `json:"Mobile" validate:"required" mask:"mobile"`
	VerifyType              string `json:"VerifyType" validate:"required,oneof=SIGN"`
	UserId                  string `json:"UserId,omitempty"`
	VerifyTemplateId        string `json:"VerifyTemplateId,omitempty"`
	VerifySign              string `json:"VerifySign,omitempty"`
	FlowId                  string `json:"FlowId,omitempty"`
	CheckThreeElementResult int64  `json:"CheckThreeElementResult,omitempty"`
}

// SendSignInnerVerifyCodeResponse is what SendSignInnerVerifyCode answers.
type SendSignInnerVerifyCodeResponse struct {
	Result    bool   `json:"Result"`
	RequestId string `json:"RequestId"`
}

// CheckVerifyCodeMatchFlowId: check a code.
var CheckVerifyCodeMatchFlowId = Action[CheckVerifyCodeMatchFlowIdRequest, CheckVerifyCodeMatchFlowIdResponse]{"CheckVerifyCodeMatchFlowId"}

// CheckVerifyCodeMatchFlowIdRequest is what CheckVerifyCodeMatchFlowId takes.
type CheckVerifyCodeMatchFlowIdRequest struct {
	Caller     Caller `json:"Caller" form:"-" validate:"required"`
	Mobile     string `json:"Mobile" validate:"required" mask:"mobile"`
	VerifyCode string `json:"VerifyCode" validate:"required" mask:"secret"`
	FlowId     string `json:"FlowId" validate:"required"`
}

// CheckVerifyCodeMatchFlowIdResponse is what CheckVerifyCodeMatchFlowId answers.
type CheckVerifyCodeMatchFlowIdResponse struct {
	Success     bool   `json:"Success"`
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}
