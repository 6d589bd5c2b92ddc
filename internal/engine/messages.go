package engine

import (
	"strings"

	"sealdesk/internal/api"
)

// chinese says in Chinese what a code means, for callers that ask for zh-CN. A code with a dot falls back to its family.
var chinese = map[string]string{
	api.CodeAuthFailure:                              "身份验证失败",
	api.CodeAuthFailureInvalidAuthorization:          "请求头部的 Authorization 不符合规范",
	api.CodeAuthFailureInvalidSecretId:               "密钥非法，不是云 API 密钥",
	api.CodeAuthFailureSecretIdNotFound:              "密钥不存在",
	api.CodeAuthFailureSignatureExpire:               "签名过期",
	api.CodeAuthFailureSignatureFailure:              "签名错误",
	api.CodeAuthFailureTokenFailure:                  "token 错误",
	api.CodeAuthFailureUnauthorizedOperation:         "请求未授权",
	api.CodeFailedOperation:                          "操作失败",
	api.CodeInternalError:                            "内部错误",
	api.CodeInvalidAction:                            "接口不存在",
	api.CodeInvalidParameter:                         "参数错误",
	api.CodeInvalidParameterBizApproverAlreadyExists: "签署人已存在",
	api.CodeInvalidParameterInvalidVerifyResult:      "意愿确认结果无效",
	api.CodeInvalidParameterValue:                    "参数取值错误",
	api.CodeInvalidRequest:                           "请求无法解析",
	api.CodeLimitExceeded:                            "超过配额限制",
	api.CodeMissingParameter:                         "缺少参数",
	api.CodeNoSuchVersion:                            "接口版本不存在",
	api.CodeOperationDenied:                          "操作被拒绝",
	api.CodeOperationDeniedNoApiAuth:                 "没有调用此接口的权限",
	api.CodeRequestSizeLimitExceeded:                 "请求包超过限制大小",
	api.CodeResourceInsufficient:                     "资源不足",
	api.CodeResourceNotFound:                         "资源不存在",
	api.CodeResourceUnavailable:                      "资源不可用",
	api.CodeUnknownParameter:                         "未知参数",
	api.CodeUnsupportedOperation:                     "操作不支持",
	api.CodeUnsupportedProtocol:                      "请求方法不支持，只支持 GET 和 POST",
}

// localized gives an error's message in the language that the caller asks for. The particulars stay in English.
func localized(language string, e *api.Error) string {
	if language != "zh-CN" {
		return e.Message
	}
	text, ok := chinese[e.Code]
	if family, _, dotted := strings.Cut(e.Code, "."); !ok && dotted {
		text, ok = chinese[family]
	}
	if !ok {
		return e.Message
	}
	return text + "（" + strings.TrimSuffix(e.Message, ".") + "）"
}
